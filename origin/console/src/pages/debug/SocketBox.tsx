import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { config } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { timeFormat } from "../../ui/time.ts";
import { added, type Frame, isHeartbeat, masked } from "./model/frames.ts";
import { type Line, rawLine, socketIoLine, type Told } from "./model/line.ts";

type Kind = "raw" | "socket_io";
type State = "connecting" | "open" | "closed";

const open = (url: string, protocols: string[]) => new WebSocket(url, protocols);

/** Frames that are often wanted. */
const PRESETS: Record<string, string> = {
  ping: "ping",
  resume:
    '{"event":"resume","data":{"conversations":[{"customer_service_session_id":1,"seq":0}]},"ack":1}',
  typing: '{"event":"typing","data":{"customer_service_session_id":1,"is_typing":true},"ack":2}',
  mark_read:
    '{"event":"mark_read","data":{"customer_service_session_id":1,"chat_message_id":1},"ack":3}',
  send_message:
    '{"event":"send_message","data":{"customer_service_session_id":1,"content":"…","message_type":"text","temp_message_id":"debug-1"},"ack":4}',
};

/** A socket of its own, with the token that was pasted: what goes over it in both directions. */
export function SocketBox({ token }: { token: string }) {
  const said = words.value.debug;
  const [kind, setKind] = useState<Kind>("raw");
  const [state, setState] = useState<State>("closed");
  const [frames, setFrames] = useState<Frame[]>([]);
  const [text, setText] = useState(PRESETS.ping ?? "");
  const line = useRef<Line>();
  useEffect(() => () => line.current?.close(), []);
  const connect = () => {
    line.current?.close();
    // What comes late from a line that was given up is not shown.
    const mine: { line?: Line } = {};
    const isMine = () => !mine.line || line.current === mine.line;
    const note = (way: Frame["way"], what: string) => {
      if (!isMine()) return;
      const shown = masked(what, token);
      const beat = way !== "note" && isHeartbeat(what);
      setFrames((all) => added(all, { at: Date.now(), way, text: shown, isHeartbeat: beat }));
    };
    const told: Told = {
      frame: note,
      note: (what) => note("note", what),
      state: (next) => isMine() && setState(next),
    };
    const base = config.value?.socket_url ?? location.origin;
    try {
      const make = kind === "raw" ? rawLine : socketIoLine;
      mine.line = make(open, base, token, told);
      line.current = mine.line;
    } catch (error) {
      // A token with characters that no subprotocol may have.
      note("note", error instanceof Error ? error.message : String(error));
      setState("closed");
    }
  };
  return (
    <section class="panel pad" aria-label={said.socket}>
      <header class="bar">
        <h2>{said.socket}</h2>
        <span class={`tag ${state === "open" ? "good" : state === "connecting" ? "warn" : ""}`}>
          {said.states[state]}
        </span>
        <select
          class="input"
          name="kind"
          aria-label={said.socket}
          value={kind}
          disabled={state !== "closed"}
          onChange={(event) => setKind(event.currentTarget.value as Kind)}
        >
          <option value="raw">{said.kinds.raw}</option>
          <option value="socket_io">{said.kinds.socket_io}</option>
        </select>
        {state === "closed" ? (
          <Button
            kind="primary"
            disabled={token === ""}
            title={token === "" ? said.needToken : undefined}
            onClick={connect}
          >
            {said.connect}
          </Button>
        ) : (
          <Button onClick={() => line.current?.close()}>{said.disconnect}</Button>
        )}
      </header>
      <form
        class="send"
        onSubmit={(event) => {
          event.preventDefault();
          if (state === "open" && text) line.current?.send(text);
        }}
      >
        <select
          class="input"
          aria-label={said.presets}
          onChange={(event) => setText(PRESETS[event.currentTarget.value] ?? "")}
        >
          {Object.keys(PRESETS).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <input
          class="input mono"
          name="frame"
          aria-label={said.frame}
          autocomplete="off"
          spellcheck={false}
          maxLength={65_536}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={state !== "open" || !text}>
          {said.send}
        </Button>
      </form>
      <Frames frames={frames} onClear={() => setFrames([])} />
    </section>
  );
}

function Frames({ frames, onClear }: { frames: readonly Frame[]; onClear: () => void }) {
  const said = words.value.debug;
  const [hasBeats, setBeats] = useState(false);
  const place = useRef<HTMLOListElement>(null);
  const shown = hasBeats ? frames : frames.filter((frame) => !frame.isHeartbeat);
  const last = shown.at(-1)?.key;
  const time = timeFormat({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  });
  useEffect(() => {
    const list = place.current;
    // Whoever has scrolled up is left there.
    if (list && list.scrollHeight - list.scrollTop - list.clientHeight < 120) {
      list.scrollTop = list.scrollHeight;
    }
  }, [last]);
  return (
    <>
      <div class="bar small">
        <h3>{said.frames}</h3>
        <label class="choice">
          <input
            type="checkbox"
            checked={hasBeats}
            onChange={(event) => setBeats(event.currentTarget.checked)}
          />
          {said.beats}
        </label>
        <Button kind="plain" onClick={onClear} disabled={frames.length === 0}>
          {said.clearFrames}
        </Button>
      </div>
      <ol
        ref={place}
        class="frames"
        aria-label={said.frames}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
      >
        {shown.length === 0 && <li class="empty">{said.noFrames}</li>}
        {shown.map((frame) => (
          <li key={frame.key} data-way={frame.way}>
            <time>{time.format(frame.at)}</time>
            <span class="way">{said.ways[frame.way]}</span>
            <code>{frame.text}</code>
          </li>
        ))}
      </ol>
    </>
  );
}
