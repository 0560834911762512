import { AppWindow, Monitor, Smartphone } from "lucide-preact";
import { words } from "../../i18n/index.ts";
import type { Lane, Layout } from "./model/lanes.ts";
import type { Measures } from "./scene.ts";

const ICONS = { mini_program: Smartphone, web: Monitor, app: AppWindow };

interface Props {
  layout: Layout;
  measures: Measures;
  left: number;
  isNarrow: boolean;
}

/** A lane in one line: `Web 127.0.0.1`. */
export function laneName(lane: Lane): string {
  return [words.value.sessions.clients[lane.clientType], lane.ips[0]].filter(Boolean).join(" ");
}

/** Which device each lane is, at its left; on a phone above its bars. */
export function Labels({ layout, measures, left, isNarrow }: Props) {
  const said = words.value;
  const [first, last] = measures.rows;
  return (
    <>
      {layout.rows.slice(first, last).map((row, index) => {
        const { lane, line } = row;
        const Icon = ICONS[lane.clientType];
        const where = [lane.ips[0], lane.place].filter(Boolean).join(" · ");
        const more = lane.ips.length > 1 ? said.timeline.others(lane.ips.length - 1) : "";
        const isTight = measures.rowHeight < 48;
        const style = isNarrow
          ? { top: `${(first + index) * measures.rowHeight + 3}px` }
          : {
              top: `${(first + index) * measures.rowHeight}px`,
              width: `${left}px`,
              height: `${measures.rowHeight}px`,
            };
        if (line > 0) {
          return (
            <div key={`${lane.key}${line}`} class="tl-label line" style={style}>
              {isNarrow ? null : said.timeline.line(line + 1)}
            </div>
          );
        }
        return (
          <div
            key={lane.key}
            class={["tl-label", isNarrow && "above", isTight && "tight"].filter(Boolean).join(" ")}
            style={style}
            data-lane={lane.clientType}
            title={[lane.device, ...lane.ips.slice(0, 20)].join("\n")}
          >
            <Icon size={16} aria-hidden="true" />
            <div>
              <b>{said.sessions.clients[lane.clientType]}</b>{" "}
              <span class="device">{lane.device || said.sessions.unknownDevice}</span>
              <span class="where">
                {[where, more].filter(Boolean).join(" ")}
                {!isNarrow && ` · ${said.timeline.lane(lane.spans.length)}`}
              </span>
            </div>
          </div>
        );
      })}
    </>
  );
}
