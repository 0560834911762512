import type { Signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Lane, type Layout, layoutOf } from "./model/lanes.ts";
import type { View } from "./model/view.ts";

/** How long the picture rests before lanes come and go, in milliseconds: not while it is moved. */
const REST = 160;

/** Lanes with a session in a stretch of time. */
export function lanesIn(lanes: readonly Lane[], { from, to }: View): Lane[] {
  return lanes.filter((lane) => lane.spans.some((span) => span.from <= to && span.to >= from));
}

/** The lanes that are shown: those with something in view, or all. */
export function useShown(lanes: readonly Lane[], view: Signal<View>) {
  const [rested, setRested] = useState(view.peek());
  const [isAll, setAll] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = view.subscribe((next) => {
      clearTimeout(timer);
      timer = setTimeout(() => setRested(next), REST);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [view]);
  const inside = useMemo(() => lanesIn(lanes, rested), [lanes, rested]);
  // The same lanes are the same rows: what does not change is not made anew.
  const key = isAll || inside.length === 0 ? "" : inside.map((lane) => lane.key).join("\n");
  const layout: Layout = useMemo(() => layoutOf(key === "" ? lanes : inside), [lanes, key]);
  return { layout, folded: key === "" ? 0 : lanes.length - inside.length, isAll, setAll };
}
