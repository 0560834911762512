import { useRef } from "preact/hooks";
import type { Burst } from "./model/burst.ts";
import { histogram } from "./model/histogram.ts";
import { clamp, xOf } from "./model/view.ts";
import type { Scene } from "./scene.ts";
import { useSize } from "./size.ts";

const HEIGHT = 36;
/** Of a column, in pixels. */
const COLUMN = 4;

/** The whole time with how many logged in when; what is looked at is dragged in it. Keys do the same in the picture. */
export function Minimap({ scene, burst }: { scene: Scene; burst: Burst | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  const { width } = useSize(place);
  const { limits, view } = scene;
  const columns = histogram([...scene.all.values()], limits, Math.floor(width / COLUMN));
  const most = Math.max(...columns, 1);
  const from = xOf(view.value.from, limits, width);
  const to = xOf(view.value.to, limits, width);
  const jump = (event: PointerEvent) => {
    const box = place.current?.getBoundingClientRect();
    if (!box) return;
    const at = limits.from + ((event.clientX - box.left) / width) * (limits.to - limits.from);
    const half = (view.value.to - view.value.from) / 2;
    view.value = clamp({ from: at - half, to: at + half }, limits);
  };
  return (
    <div
      ref={place}
      class="tl-map"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        jump(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) jump(event);
      }}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT}>
          <title>{""}</title>
          {columns.map((count, index) => {
            if (count === 0) return null;
            const height = Math.max((count / most) * (HEIGHT - 8), 3);
            return (
              <rect
                key={`c${index * COLUMN}`}
                class="column"
                x={index * COLUMN}
                y={HEIGHT - height}
                width={COLUMN - 1}
                height={height}
                rx={1}
              />
            );
          })}
          {burst && (
            <path
              class="burst"
              d={`M${xOf((burst.from + burst.to) / 2, limits, width)} 7l-4 -7h8z`}
            />
          )}
          <rect
            class="window"
            x={Math.min(from, width - 4)}
            y={0.5}
            width={Math.max(to - from, 4)}
            height={HEIGHT - 1}
            rx={3}
          />
        </svg>
      )}
    </div>
  );
}
