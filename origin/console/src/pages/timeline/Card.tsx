import { Facts } from "./Facts.tsx";
import { xOf } from "./model/view.ts";
import type { Measures, Scene } from "./scene.ts";

const WIDTH = 320;

interface Props {
  scene: Scene;
  measures: Measures;
  left: number;
  /** Where the rows begin, in pixels from the frame's top. */
  top: number;
}

/** What the session under the pointer, or focused, is. */
export function Card({ scene, measures, left, top }: Props) {
  const id = scene.hovered.value;
  const span = id === undefined ? undefined : scene.all.get(id);
  const row = id === undefined ? undefined : scene.layout.rowOf.get(id);
  if (!span || row === undefined || span.id === scene.pinned.value) return null;
  const view = scene.view.value;
  const from = Math.max(xOf(span.from, view, measures.width), 0);
  const to = Math.min(xOf(span.to, view, measures.width), measures.width);
  const room = left + measures.width - WIDTH - 8;
  const x = Math.max(Math.min(left + (from + to) / 2 - WIDTH / 2, room), 8);
  // Few rows: below them all, so that it does not lie on the arrows.
  const below = scene.layout.rows.length <= 4 ? scene.layout.rows.length - 1 : row;
  const y = top + below * measures.rowHeight + measures.barTop + measures.barHeight + 16;
  return (
    <div
      class="tl-card panel"
      role="tooltip"
      style={{ left: `${x}px`, top: `${y}px`, width: `${WIDTH}px` }}
    >
      <h3 class="mono">#{span.id}</h3>
      <Facts span={span} />
    </div>
  );
}
