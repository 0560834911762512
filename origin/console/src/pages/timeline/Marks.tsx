import { words } from "../../i18n/index.ts";
import { fullTime } from "../../ui/time.ts";
import type { Mark, MarkKind } from "./model/marks.ts";
import type { Measures } from "./scene.ts";

const SHAPES: Record<MarkKind, string> = {
  refresh: "M-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0z",
  renewal: "M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z",
  failure: "M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5",
  alert: "M0 -4.5L4.5 3.5H-4.5z",
  reuse: "M0 -5L5 0L0 5L-5 0z",
};

/** One picture of a mark. */
export function MarkShape({ kind, x, y }: { kind: MarkKind; x: number; y: number }) {
  return <path class="mark" data-mark={kind} d={SHAPES[kind]} transform={`translate(${x} ${y})`} />;
}

/** What else happened, small: below the bar that it is about. */
export function Marks({ marks, measures }: { marks: readonly Mark[]; measures: Measures }) {
  const said = words.value.timeline.marks;
  const { rowHeight, barTop, barHeight, rows } = measures;
  return (
    <g class="marks">
      {marks.map((mark) => {
        if (mark.row === undefined || mark.row < rows[0] || mark.row >= rows[1]) return null;
        const first = mark.events[0];
        const y = (mark.row - rows[0]) * rowHeight + barTop + barHeight + 7;
        return (
          <g key={`${mark.kind}${first?.audit_event_id}`}>
            <title>
              {`${said[mark.kind]}${mark.events.length > 1 ? ` × ${mark.events.length}` : ""} · ${first ? fullTime(first.created_at) : ""}`}
            </title>
            <MarkShape kind={mark.kind} x={mark.x} y={y} />
          </g>
        );
      })}
    </g>
  );
}
