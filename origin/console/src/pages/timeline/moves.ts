import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Span } from "./model/span.ts";
import { clamp, pan, zoom } from "./model/view.ts";
import type { Measures, Scene } from "./scene.ts";

/** All sessions in the order of time. */
function inTime(scene: Scene): Span[] {
  return [...scene.all.values()].sort((a, b) => a.from - b.from || a.id - b.id);
}

/** The view so that a session is in it, and its row, too. */
export function bringIn(scene: Scene, id: number): void {
  const span = scene.all.get(id);
  if (!span) return;
  const { from, to } = scene.view.value;
  if (span.from >= from && span.from <= to) return;
  const length = to - from;
  scene.view.value = clamp(
    { from: span.from - length * 0.3, to: span.from + length * 0.7 },
    scene.limits,
  );
}

/** What keys do to the picture, where it has the focus. */
export function useMoves(
  scene: Scene,
  scroller: RefObject<HTMLElement>,
  { rowHeight }: Measures,
): (event: KeyboardEvent) => void {
  const focusNext = useRef<number>();
  useEffect(() => {
    if (focusNext.current === undefined) return;
    const there = scroller.current?.querySelector<SVGGElement>(
      `[data-session="${focusNext.current}"]`,
    );
    if (!there) return; // Its lane comes once the picture rests.
    focusNext.current = undefined;
    there.focus({ preventScroll: true });
  });
  const { view, limits } = scene;
  const step = (by: number) => {
    const all = inTime(scene);
    const here = scene.hovered.value ?? scene.pinned.value;
    const index = all.findIndex((span) => span.id === here);
    const firstSeen = all.findIndex((span) => span.from >= view.value.from);
    const next = all[index < 0 ? Math.max(firstSeen, 0) : index + by];
    if (!next) return;
    const row = scene.layout.rowOf.get(next.id) ?? 0;
    const box = scroller.current;
    if (
      box &&
      (row * rowHeight < box.scrollTop || (row + 1) * rowHeight > box.scrollTop + box.clientHeight)
    ) {
      box.scrollTop = row * rowHeight - box.clientHeight / 2;
    }
    bringIn(scene, next.id);
    scene.hovered.value = next.id;
    focusNext.current = next.id;
  };
  const acts: Record<string, () => void> = {
    "+": () => {
      view.value = zoom(view.value, 0.7, 0.5, limits);
    },
    "-": () => {
      view.value = zoom(view.value, 1 / 0.7, 0.5, limits);
    },
    ArrowLeft: () => {
      view.value = pan(view.value, -0.15, limits);
    },
    ArrowRight: () => {
      view.value = pan(view.value, 0.15, limits);
    },
    "0": () => {
      view.value = limits;
    },
    n: () => step(1),
    j: () => step(1),
    p: () => step(-1),
    k: () => step(-1),
  };
  acts["="] = acts["+"] as () => void;
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}
