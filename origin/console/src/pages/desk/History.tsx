import { ArrowDown } from "lucide-preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { atEnd as sayAtEnd } from "../../desk/live.ts";
import { outgoing } from "../../desk/outgoing.ts";
import { type Item, items } from "../../desk/thread.ts";
import { older, open, thread } from "../../desk/threads.ts";
import { atEnd, earlier, later, MOST, type Part } from "../../desk/window.ts";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Bubble } from "./Bubble.tsx";
import { Day } from "./Day.tsx";

/** Pixels from the edge at which more is brought. */
const NEAR = 500;
/** Pixels from the end that still count as the end. */
const END = 48;

/** The rows that are in the page, by the keys of the first and the last; without a last, up to the end. */
interface Held {
  first?: string | undefined;
  last?: string | undefined;
}

function partOf(all: readonly Item[], held: Held): Part {
  const at = (key: string | undefined) => (key ? all.findIndex((one) => one.key === key) : -1);
  const last = at(held.last);
  const end = last < 0 ? all.length : last + 1;
  const first = at(held.first);
  if (first < 0) return { start: Math.max(0, end - MOST), end };
  return { start: first, end: Math.min(end, first + MOST) };
}

function hold(all: readonly Item[], part: Part): Held {
  // A day's line moves when earlier messages of that day come: messages are held on to.
  const first = all.slice(part.start).find((one) => one.kind === "message");
  const last = part.end < all.length ? all[part.end - 1] : undefined;
  return { first: part.start === 0 ? first?.key : first?.key, last: last?.key };
}

/** The messages of a conversation. What is in view stays there, whatever comes above or below. */
export function History({ id, name }: { id: number; name: string }) {
  const said = words.value.desk;
  const now = thread(id).value;
  const mine = outgoing.value.filter((one) => one.customer_service_session_id === id);
  const all = useMemo(
    () => items(now.messages, mine, now.unreadFrom),
    [now.messages, now.unreadFrom, outgoing.value],
  );
  const bySeq = useMemo(
    () => new Map(now.messages.map((one) => [one.chat_message_id, one])),
    [now.messages],
  );
  const [held, setHeld] = useState<Held>({});
  const [left, setLeft] = useState<number>();
  const place = useRef<HTMLDivElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const stays = useRef({ isAtEnd: true, hasBegun: false, key: "", top: 0 });
  const part = partOf(all, held);

  /** Remembers what is in view. */
  const note = () => {
    const box = place.current;
    if (!box) return;
    const { top } = box.getBoundingClientRect();
    for (const child of box.querySelectorAll<HTMLElement>("[data-key]")) {
      const at = child.getBoundingClientRect();
      if (at.bottom <= top) continue;
      stays.current.key = child.dataset.key ?? "";
      stays.current.top = at.top - top;
      return;
    }
  };

  /** Puts what was in view where it was. */
  const restore = () => {
    const box = place.current;
    if (!box) return;
    const { isAtEnd, key, top } = stays.current;
    if (isAtEnd) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    const child = box.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    if (!child) return;
    const by = child.getBoundingClientRect().top - box.getBoundingClientRect().top - top;
    if (Math.abs(by) >= 1) box.scrollTop += by;
  };

  const bring = () => {
    const box = place.current;
    if (!box || !stays.current.hasBegun) return;
    const below = box.scrollHeight - box.clientHeight - box.scrollTop;
    const isAtEnd = below < END && part.end === all.length;
    if (isAtEnd !== stays.current.isAtEnd) {
      stays.current.isAtEnd = isAtEnd;
      setLeft(isAtEnd ? undefined : now.messages.at(-1)?.seq);
      sayAtEnd(isAtEnd);
    }
    if (isAtEnd && held.first) setHeld({});
    note();
    if (box.scrollTop < NEAR) {
      if (part.start > 0) setHeld(hold(all, earlier(part)));
      else if (now.hasOlder) void older(id);
    } else if (below < NEAR && part.end < all.length) setHeld(hold(all, later(part, all.length)));
  };

  useLayoutEffect(() => {
    const box = place.current;
    if (!box || now.state !== "ready") return;
    if (!stays.current.hasBegun) {
      stays.current.hasBegun = true;
      const line = box.querySelector<HTMLElement>('[data-key="unread"]');
      box.scrollTop = box.scrollHeight;
      if (line) box.scrollTop = Math.min(box.scrollTop, line.offsetTop - 80);
      const isAtEnd = box.scrollHeight - box.clientHeight - box.scrollTop < END;
      stays.current.isAtEnd = isAtEnd;
      if (!isAtEnd) setLeft(now.messages.at(-1)?.seq);
      sayAtEnd(isAtEnd);
      note();
      return;
    }
    restore();
  }, [all, part.start, part.end, now.state, now.isLoadingOlder]);

  useEffect(() => {
    const box = inside.current;
    if (!box) return;
    // Pictures arrive, and the window changes its width.
    const watch = new ResizeObserver(restore);
    watch.observe(box);
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);

  // A short history does not scroll, and so would never ask.
  useEffect(bring, [now.state, all.length]);

  const toEnd = () => {
    setHeld(hold(all, atEnd(all.length)));
    stays.current.isAtEnd = true;
    setLeft(undefined);
    restore();
    sayAtEnd(true);
  };
  const since =
    left === undefined
      ? 0
      : now.messages.filter((one) => one.seq > left && one.sender_type === "user").length;

  return (
    <div class="history-box">
      <div
        ref={place}
        class="history"
        role="log"
        aria-label={said.history}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
        tabIndex={0}
        onScroll={bring}
      >
        <div ref={inside}>
          {now.failed === undefined ? null : (
            <p class="notice bad">
              {said.historyFailed(now.failed)}{" "}
              <Button onClick={() => void open(id)}>{words.value.shell.retry}</Button>
            </p>
          )}
          {now.state === "ready" && !now.hasOlder && part.start === 0 ? (
            <p class="beginning">{said.beginning}</p>
          ) : null}
          {now.isLoadingOlder ? <p class="beginning">{said.older}</p> : null}
          {all.slice(part.start, part.end).map((item) =>
            item.kind === "day" ? (
              <Day key={item.key} at={item.at} />
            ) : item.kind === "unread" ? (
              <div key={item.key} class="unread-line" data-key="unread">
                {said.unreadBelow}
              </div>
            ) : (
              <Bubble
                key={item.key}
                item={item}
                name={name}
                answered={
                  item.kind === "message" && item.message.reply_to_id !== null
                    ? (bySeq.get(item.message.reply_to_id) ?? null)
                    : undefined
                }
              />
            ),
          )}
        </div>
      </div>
      {left === undefined ? null : (
        <button type="button" class="to-end" aria-label={said.toEnd} onClick={toEnd}>
          <ArrowDown size={16} aria-hidden="true" />
          {since > 0 ? said.newBelow(since) : null}
        </button>
      )}
    </div>
  );
}
