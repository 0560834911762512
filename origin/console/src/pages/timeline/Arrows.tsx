import { stateColour } from "../../ui/State.tsx";
import type { Arrow } from "./model/arrows.ts";
import { isNear, type Measures, type Scene } from "./scene.ts";

interface Props {
  scene: Scene;
  measures: Measures;
  arrows: readonly Arrow[];
}

/** Its line, and its head at the session that was ended. */
function pathsOf(arrow: Arrow, measures: Measures): [line: string, head: string] {
  const { rowHeight, barTop, barHeight, rows } = measures;
  const top = (row: number) => (row - rows[0]) * rowHeight + barTop;
  const { x } = arrow;
  if (arrow.fromRow === arrow.toRow) {
    const y = top(arrow.toRow);
    return [
      `M${x + 7} ${y}C${x + 7} ${y - 13} ${x - 7} ${y - 13} ${x - 7} ${y - 2}`,
      `M${x - 7} ${y}l-3.5 -6h7z`,
    ];
  }
  const isDown = arrow.fromRow < arrow.toRow;
  const begin = top(arrow.fromRow) + barHeight / 2;
  const end = isDown ? top(arrow.toRow) : top(arrow.toRow) + barHeight;
  const back = isDown ? -8 : 8;
  return [`M${x} ${begin}V${end + back}`, `M${x} ${end}l-5 ${back}h10z`];
}

/** From each session that ended another to the one that it ended. */
export function Arrows({ scene, measures, arrows }: Props) {
  const lookedAt = scene.hovered.value ?? scene.pinned.value;
  const looked = lookedAt === undefined ? undefined : scene.all.get(lookedAt);
  return (
    <g class="arrows">
      {arrows.map((arrow) => {
        const [line, head] = pathsOf(arrow, measures);
        const { ended, by, x } = arrow;
        const isDim = looked && looked.id !== ended.id && looked.id !== by.id;
        const isLoud = looked && !isDim && isNear(ended, looked);
        const row = arrow.fromRow - measures.rows[0];
        return (
          <g
            key={ended.id}
            class={["arrow", isDim && "dim", isLoud && "loud"].filter(Boolean).join(" ")}
            style={{ "--state": stateColour(ended.state) }}
            data-ended={ended.id}
            data-by={by.id}
          >
            <path class="line" d={line} />
            <path class="head" d={head} />
            {arrow.fromRow !== arrow.toRow && (
              <circle
                class="head"
                cx={x}
                cy={row * measures.rowHeight + measures.barTop + measures.barHeight / 2}
                r={3}
              />
            )}
          </g>
        );
      })}
    </g>
  );
}
