import { useEffect, useRef } from "preact/hooks";

/** Does something each so many milliseconds while the page is looked at, and at once when it is again. */
export function useEvery(milliseconds: number | undefined, act: () => void): void {
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    if (milliseconds === undefined) return;
    let last = Date.now();
    const look = () => {
      if (document.hidden || Date.now() - last < milliseconds) return;
      last = Date.now();
      newest.current();
    };
    const timer = setInterval(look, Math.min(milliseconds, 1_000));
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [milliseconds]);
}
