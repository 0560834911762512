import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** What hands do with the picture. Parts are of its width. */
export interface Gestures {
  /** Closer (`factor` under 1) or further about a part of the width. */
  onZoom: (factor: number, at: number) => void;
  /** Later by a part of the width. */
  onPan: (part: number) => void;
  /** Down by pixels, where there is more below. */
  onScroll: (pixels: number) => void;
}

/** A pointer that moved less is a click, in pixels. */
const STILL = 4;

/** Wheel, drag and pinch on an element, told once a frame. `left`: pixels at its left that are no picture. */
export function useGestures(
  place: RefObject<HTMLElement>,
  left: number,
  gestures: Gestures,
): { wasDragged: () => boolean } {
  const told = useRef(gestures);
  told.current = gestures;
  const dragged = useRef(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let [zoom, at, pan, frame] = [1, 0.5, 0, 0];
    const later = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        if (zoom !== 1) told.current.onZoom(zoom, at);
        if (pan !== 0) told.current.onPan(pan);
        [zoom, pan] = [1, 0];
      });
    };
    const width = () => Math.max(element.clientWidth - left, 1);
    const partOf = (x: number) =>
      Math.min(Math.max((x - element.getBoundingClientRect().left - left) / width(), 0), 1);
    const wheel = (event: WheelEvent) => {
      const isOverLabels = event.clientX - element.getBoundingClientRect().left < left;
      if (isOverLabels) return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        pan += ((event.deltaX || event.deltaY) * unit) / width();
      } else {
        zoom *= 1.0015 ** (event.deltaY * unit);
        at = partOf(event.clientX);
      }
      later();
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0 || event.clientX - element.getBoundingClientRect().left < left) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.size === 1) dragged.current = false;
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      if (!dragged.current && Math.hypot(dx, dy) < STILL) return;
      if (!dragged.current) element.setPointerCapture(event.pointerId);
      dragged.current = true;
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (x: number) => Math.max(Math.abs(x - other.x), 24);
        zoom *= apart(before.x) / apart(event.clientX);
        at = partOf((event.clientX + other.x) / 2);
      } else {
        pan -= dx / width();
        if (event.pointerType === "mouse") told.current.onScroll(-dy);
      }
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      later();
    };
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
    };
  }, [place, left]);
  return { wasDragged: () => dragged.current };
}
