import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** How large an element is, in pixels, as it changes. 0 until it is known. */
export function useSize(place: RefObject<Element>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const watch = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    setSize({ width: element.clientWidth, height: element.clientHeight });
    watch.observe(element);
    return () => watch.disconnect();
  }, [place]);
  return size;
}
