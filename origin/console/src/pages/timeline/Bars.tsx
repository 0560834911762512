import { words } from "../../i18n/index.ts";
import { riskStep, stateColour } from "../../ui/State.tsx";
import { duration, timeFormat } from "../../ui/time.ts";
import type { Shape } from "./model/shapes.ts";
import type { Span } from "./model/span.ts";
import { isNear, type Measures, type Scene } from "./scene.ts";

interface Props {
  scene: Scene;
  measures: Measures;
  /** Of the rows that are drawn, in their order. */
  shapes: Shape[][];
  /** The one that Tab comes to. */
  tabStop: number | undefined;
  onPick: (span: Span) => void;
  onCrowd: (shape: Shape) => void;
}

/** What is read aloud of a session. */
function spoken(span: Span): string {
  const said = words.value;
  const from = timeFormat({ dateStyle: "short", timeStyle: "medium" });
  return said.timeline.bar(
    span.id,
    said.sessions.states[span.state],
    from.format(span.from),
    duration((span.to - span.from) / 1_000),
  );
}

/** Sessions as bars, and crowds where they are too close to be told apart. */
export function Bars({ scene, measures, shapes, tabStop, onPick, onCrowd }: Props) {
  const lookedAt = scene.hovered.value ?? scene.pinned.value;
  const looked = lookedAt === undefined ? undefined : scene.all.get(lookedAt);
  return (
    <>
      {shapes.map((row, index) => {
        const y = index * measures.rowHeight + measures.barTop;
        return row.map((shape, at) => {
          const span = shape.spans[0] as Span;
          if (shape.spans.length > 1) {
            return (
              <Crowd
                key={`c${span.id}`}
                {...{ shape, y, height: measures.barHeight }}
                room={(row[at + 1]?.x ?? measures.width) - shape.x}
                onPick={() => onCrowd(shape)}
              />
            );
          }
          return (
            <Bar
              key={span.id}
              {...{ shape, span, y, scene, measures }}
              isDim={!isNear(span, looked)}
              isTabStop={span.id === tabStop}
              onPick={() => onPick(span)}
            />
          );
        });
      })}
    </>
  );
}

interface BarProps {
  shape: Shape;
  span: Span;
  y: number;
  scene: Scene;
  measures: Measures;
  isDim: boolean;
  isTabStop: boolean;
  onPick: () => void;
}

function Bar({ shape, span, y, scene, measures, isDim, isTabStop, onPick }: BarProps) {
  const { barHeight: height, width: all } = measures;
  const { x, width } = shape;
  const isPinned = scene.pinned.value === span.id;
  const risk = span.row.risk_score;
  const names = ["bar", isDim && "dim", isPinned && "pinned", span.isOpen && "open"];
  const right = x + width;
  const labelAt = Math.max(x, 0) + 8;
  const room = Math.min(right, all) - labelAt;
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no buttons in SVG
    <g
      class={names.filter(Boolean).join(" ")}
      style={{ "--state": stateColour(span.state) }}
      role="button"
      tabIndex={isTabStop ? 0 : -1}
      aria-label={spoken(span)}
      aria-pressed={isPinned}
      data-session={span.id}
      data-state={span.state}
      onPointerEnter={() => {
        scene.hovered.value = span.id;
      }}
      onPointerLeave={() => {
        if (scene.hovered.value === span.id) scene.hovered.value = undefined;
      }}
      onFocus={(event) => {
        if (event.currentTarget.matches(":focus-visible")) scene.hovered.value = span.id;
      }}
      onBlur={() => {
        if (scene.hovered.value === span.id) scene.hovered.value = undefined;
      }}
      onClick={onPick}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        onPick();
      }}
    >
      <rect class="body" x={x} y={y} width={width} height={height} rx={Math.min(5, width / 2)} />
      {!span.isOpen && right <= all + 2 && width > 4 && (
        <rect class="cut" x={right - 3} y={y} width={3} height={height} rx={1.5} />
      )}
      {span.isOpen && (
        <path
          class="on"
          d={`M${width > 20 ? Math.min(right, all) - 12 : right + 5} ${y + height / 2 - 5}l6 5l-6 5`}
        />
      )}
      {risk > 0 && (
        <rect
          class="risk-mark"
          data-step={riskStep(risk)}
          x={x}
          y={y - 5}
          width={Math.max((width * risk) / 100, 4)}
          height={3}
          rx={1.5}
        />
      )}
      {room > 44 && (
        <text x={labelAt} y={y + height / 2}>
          {span.id}
          {room > 104 && <tspan class="more"> {duration((span.to - span.from) / 1_000)}</tspan>}
        </text>
      )}
    </g>
  );
}

interface CrowdProps {
  shape: Shape;
  y: number;
  height: number;
  /** To the next shape, in pixels. */
  room: number;
  onPick: () => void;
}

/** The state that most of them are in. */
function mostly(spans: readonly Span[]): Span["state"] {
  const counts = new Map<Span["state"], number>();
  for (const { state } of spans) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "live";
}

function Crowd({ shape, y, height, room, onPick }: CrowdProps) {
  const said = words.value.timeline;
  const count = shape.spans.length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: there are no buttons in SVG
    <g
      class="crowd"
      style={{ "--state": stateColour(mostly(shape.spans)) }}
      role="button"
      tabIndex={-1}
      aria-label={`${said.crowd(count)}, ${said.crowdHint}`}
      data-count={count}
      onClick={onPick}
      onKeyDown={(event) => {
        if (event.key === "Enter") onPick();
      }}
    >
      <title>{`${said.crowd(count)} · ${said.crowdHint}`}</title>
      <rect x={shape.x - 1} y={y} width={Math.max(shape.width, 3) + 2} height={height} rx={2} />
      {count >= 3 && room > 8 + 8 * String(count).length && (
        <text x={shape.x + shape.width / 2} y={y - 5}>
          {count}
        </text>
      )}
    </g>
  );
}
