import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** Of a list of any length, the rows that are to be in the page. */
export function useVirtual(count: number, size: number) {
  const place = useRef<HTMLDivElement>(null);
  const [, again] = useReducer((turn: number, _: undefined) => turn + 1, 0);
  const options = {
    count,
    estimateSize: () => size,
    getScrollElement: () => place.current,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    overscan: 6,
    onChange: () => again(undefined),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLDivElement, Element>(options));
  virtual.setOptions(options);
  useEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  return {
    place,
    items: virtual.getVirtualItems() as VirtualItem[],
    height: virtual.getTotalSize(),
    /** Brings a row into view. */
    show: (index: number) => virtual.scrollToIndex(index, { align: "auto" }),
  };
}
