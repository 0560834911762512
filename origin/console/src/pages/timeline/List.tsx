import { memo } from "preact/compat";
import { useRef, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { Risk, State } from "../../ui/State.tsx";
import { duration, fullTime } from "../../ui/time.ts";
import { endedByWords } from "./Facts.tsx";
import { deviceWords } from "./model/device.ts";
import type { Span } from "./model/span.ts";
import type { Scene } from "./scene.ts";

/** Height of a row, in pixels; the style sheet says the same. */
const ROW = 37;
const SHOWN = 14;

/** The sessions in view as a list, for eyes that prefer it, screen readers and keyboards. Rows outside its box are not made. */
export function List({ scene, spans }: { scene: Scene; spans: readonly Span[] }) {
  const [scrolled, setScrolled] = useState(0);
  const box = useRef<HTMLElement>(null);
  const said = words.value;
  const { from, to } = scene.view.value;
  const seen = spans.filter((span) => span.from <= to && span.to >= from);
  const first = Math.min(Math.max(Math.floor(scrolled / ROW) - 4, 0), Math.max(seen.length - 1, 0));
  const last = Math.min(first + SHOWN + 8, seen.length);
  const columns = said.sessions.columns;
  return (
    <section class="tl-list">
      <h2>
        {said.timeline.list}{" "}
        <span class="quiet">{said.timeline.listCount(seen.length, spans.length)}</span>
      </h2>
      <section
        ref={box}
        class="panel tl-table"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
        aria-label={said.timeline.list}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
      >
        <table class="rows" aria-rowcount={seen.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th>{columns.session}</th>
              <th>{columns.state}</th>
              <th>{columns.device}</th>
              <th>{columns.place}</th>
              <th>{columns.created}</th>
              <th>{said.timeline.lasted}</th>
              <th>{said.timeline.endedBy}</th>
              <th>{columns.risk}</th>
            </tr>
          </thead>
          <tbody>
            {first > 0 && <tr class="space" style={{ height: `${first * ROW}px` }} />}
            {seen.slice(first, last).map((span, index) => (
              <Line key={span.id} {...{ span, scene }} index={first + index + 2} />
            ))}
            {last < seen.length && (
              <tr class="space" style={{ height: `${(seen.length - last) * ROW}px` }} />
            )}
          </tbody>
        </table>
      </section>
    </section>
  );
}

interface LineProps {
  span: Span;
  scene: Scene;
  index: number;
}

/** A row; scrolling does not make it anew. */
const Line = memo(({ span, scene, index }: LineProps) => {
  const said = words.value.sessions;
  const { row } = span;
  const isPinned = scene.pinned.value === span.id;
  return (
    <tr
      aria-rowindex={index}
      class={isPinned ? "here" : undefined}
      onPointerEnter={() => {
        scene.hovered.value = span.id;
      }}
      onPointerLeave={() => {
        scene.hovered.value = undefined;
      }}
    >
      <td>
        <button
          type="button"
          class="link mono"
          aria-pressed={isPinned}
          onClick={() => {
            scene.pinned.value = span.id;
          }}
        >
          {span.id}
        </button>
      </td>
      <td>
        <State state={span.state} />
      </td>
      <td>
        {said.clients[row.client_type]} · {deviceWords(row) || said.unknownDevice}
      </td>
      <td>
        <span class="mono">{row.login_ip ?? "–"}</span>{" "}
        {[row.city, row.country].filter(Boolean).join(", ")}
      </td>
      <td>{fullTime(span.from)}</td>
      <td>{duration((span.to - span.from) / 1_000)}</td>
      <td>{span.isOpen ? "–" : endedByWords(span)}</td>
      <td>
        <Risk score={row.risk_score} causes={row.risk_causes} />
      </td>
    </tr>
  );
});
