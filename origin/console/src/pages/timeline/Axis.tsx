import { words } from "../../i18n/index.ts";
import { fullTime, timeFormat } from "../../ui/time.ts";
import { MarkShape } from "./Marks.tsx";
import type { Mark } from "./model/marks.ts";
import type { Grain, Tick } from "./model/ticks.ts";
import { type View, xOf } from "./model/view.ts";
import type { Measures } from "./scene.ts";

const FORMATS: Record<Grain, Intl.DateTimeFormatOptions> = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "short", day: "numeric" },
  month: { year: "2-digit", month: "short" },
  year: { year: "numeric" },
};

const ZONE = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" });

/** The browser's zone as `UTC+8`. */
function zoneOf(at: number): string {
  const parts = ZONE.formatToParts(at);
  return (parts.find((part) => part.type === "timeZoneName")?.value ?? "").replace("GMT", "UTC");
}

interface Props {
  ticks: readonly Tick[];
  view: View;
  width: number;
  left: number;
  marks: readonly Mark[];
}

/** Times above the picture, with the day on which it begins and what happened outside of any session. */
export function Axis({ ticks, view, width, left, marks }: Props) {
  const said = words.value.timeline;
  const day = timeFormat({ dateStyle: "medium" });
  const loose = marks.filter((mark) => mark.row === undefined);
  return (
    <div class="tl-axis">
      {left > 0 && (
        <div class="tl-corner" style={{ width: `${left}px` }}>
          <b>{day.format(view.from)}</b>
          <span class="quiet">{said.zone(zoneOf(view.from))}</span>
        </div>
      )}
      <div class="tl-ticks" aria-hidden="true">
        {ticks.map((tick) => (
          <span
            key={tick.at}
            class={tick.grain === "second" || tick.grain === "minute" ? "tick" : "tick major"}
            style={{ left: `${xOf(tick.at, view, width)}px` }}
          >
            {timeFormat(FORMATS[tick.grain]).format(tick.at)}
          </span>
        ))}
        {loose.length > 0 && (
          <svg class="tl-loose" aria-hidden="true" width={width} height={12}>
            {loose.map((mark) => (
              <g key={mark.events[0]?.audit_event_id}>
                <title>
                  {`${said.marks[mark.kind]} × ${mark.events.length} · ${fullTime(mark.events[0]?.created_at ?? 0)}`}
                </title>
                <MarkShape kind={mark.kind} x={mark.x} y={6} />
              </g>
            ))}
          </svg>
        )}
      </div>
    </div>
  );
}

interface GridProps {
  ticks: readonly Tick[];
  view: View;
  measures: Measures;
  count: number;
  /** Which of the rows begin a lane. */
  starts: readonly boolean[];
}

/** Lines of the axis through all rows, and between the lanes. */
export function GridLines({ ticks, view, measures, count, starts }: GridProps) {
  const { width, rowHeight } = measures;
  return (
    <g class="tl-grid">
      {ticks.map((tick) => {
        const x = Math.round(xOf(tick.at, view, width)) + 0.5;
        return <line key={tick.at} x1={x} x2={x} y1={0} y2={count * rowHeight} />;
      })}
      {starts.map((isStart, index) => {
        if (!isStart) return null;
        const y = index * rowHeight + 0.5;
        return <line key={`r${y}`} class="between" x1={0} x2={width} y1={y} y2={y} />;
      })}
    </g>
  );
}
