import { signal } from "@preact/signals";
import { SendHorizontal, X } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Draft, draft, keepDraft } from "../../desk/outgoing.ts";
import { isMine, mayAct, rows } from "../../desk/state.ts";
import { set } from "../../desk/threads.ts";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";

/** Characters of a message. */
const LONGEST = 4_000;
/** The tallest that the field grows, in pixels. */
const TALLEST = 180;
/** How often it is said that the agent types, in milliseconds. */
const SAYS = 2_500;

/** Turns when a draft is changed from outside. */
const turned = signal(0);

/** Has the next message of a conversation answer this one. */
export function answer(id: number, reply: Draft["reply"]): void {
  keepDraft(id, { ...draft(id), reply });
  turned.value += 1;
  document.getElementById("composer")?.focus();
}

/** Where the answer is written. */
export function Composer({ id }: { id: number }) {
  const said = words.value.desk;
  const place = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => draft(id).text);
  const typed = useRef(0);
  const row = rows.value.get(id);
  turned.value;
  const { reply } = draft(id);

  useLayoutEffect(() => {
    const field = place.current;
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST)}px`;
  }, [text, row?.status]);

  const stopTyping = () => {
    if (typed.current === 0) return;
    typed.current = 0;
    client().chat.typing(id, false);
  };
  useEffect(() => stopTyping, []);

  const write = (next: string) => {
    setText(next);
    keepDraft(id, { text: next, reply });
    if (next.trim() === "") return stopTyping();
    const now = Date.now();
    if (now - typed.current < SAYS) return;
    typed.current = now;
    client().chat.typing(id, true);
  };

  const over = [...text].length - LONGEST;
  const canSend = text.trim() !== "" && over <= 0;
  const send = () => {
    if (!canSend) return;
    client().chat.send({
      customer_service_session_id: id,
      content: text.trim(),
      message_type: "text",
      ...(reply ? { reply_to_id: reply.chat_message_id } : {}),
    });
    // Who answers has read what was new.
    set(id, (one) => ({ ...one, unreadFrom: undefined }));
    typed.current = 0;
    setText("");
    keepDraft(id, { text: "", reply: undefined });
    document.querySelector<HTMLElement>(".to-end")?.click();
    place.current?.focus();
  };

  if (!row) return null;
  if (row.status === "closed") return <p class="composer shut">{said.isClosed}</p>;
  if (row.status === "waiting") return <p class="composer shut">{said.acceptFirst}</p>;
  if (!mayAct(row)) {
    return <p class="composer shut">{said.withOther(row.admin?.nickname ?? said.nobody)}</p>;
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {!isMine(row) && row.admin ? <p class="notice">{said.notYours(row.admin.nickname)}</p> : null}
      {reply ? (
        <div class="answers">
          <span>
            <strong>{said.replyTo(reply.name)}</strong> {reply.content}
          </span>
          <Button kind="plain" label={said.noReply} onClick={() => answer(id, undefined)}>
            <X size={14} aria-hidden="true" />
          </Button>
        </div>
      ) : null}
      <div class="field-box">
        <textarea
          ref={place}
          id="composer"
          rows={1}
          value={text}
          placeholder={said.writeTo(row.user.nickname)}
          aria-label={said.writeTo(row.user.nickname)}
          aria-describedby="composer-hint"
          onInput={(event) => write(event.currentTarget.value)}
          onBlur={stopTyping}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
            // The Enter that ends a composition sends nothing; Safari says so by its key code alone.
            if (event.isComposing || event.keyCode === 229) return;
            event.preventDefault();
            send();
          }}
        />
        <Button type="submit" kind="primary" label={said.send} disabled={!canSend}>
          <SendHorizontal size={16} aria-hidden="true" />
        </Button>
      </div>
      <p id="composer-hint" class="hint">
        {over > 0 ? <span class="over">{said.tooLong(over)}</span> : said.sendHint}
      </p>
    </form>
  );
}
