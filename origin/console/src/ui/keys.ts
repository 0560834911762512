import { useEffect, useRef } from "preact/hooks";

/** What keys do. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

const TYPES = new Set(["INPUT", "TEXTAREA", "SELECT"]);
/** How long the first key of two is remembered, in milliseconds. */
const PAUSE = 1_000;

/** The newest last: what opened last is asked first. */
const asked: { current: Keys }[] = [];
let before = "";
let clear: ReturnType<typeof setTimeout> | undefined;

function isTyping(event: KeyboardEvent): boolean {
  const at = event.target;
  return at instanceof HTMLElement && (TYPES.has(at.tagName) || at.isContentEditable);
}

function find(name: string): Keys[string] | undefined {
  return asked.findLast((keys) => keys.current[name])?.current[name];
}

function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (isTyping(event) && event.key !== "Escape") return;
  const isSecond = before !== "";
  const act = isSecond ? find(`${before} ${event.key}`) : find(event.key);
  // The first of two keys does nothing by itself, and the second is no key of its own.
  const isFirst = !isSecond && asked.some((keys) => begins(keys.current, event.key));
  clearTimeout(clear);
  before = isFirst ? event.key : "";
  if (isFirst) {
    clear = setTimeout(() => {
      before = "";
    }, PAUSE);
  }
  if (!act) return;
  const at = event.target;
  // Enter on a button or link presses that one.
  if (event.key === "Enter" && at instanceof HTMLElement && at.closest("a, button")) return;
  event.preventDefault();
  act(event);
}

function begins(keys: Keys, key: string): boolean {
  return Object.keys(keys).some((name) => name.startsWith(`${key} `));
}

/** Keys of a page, while it is there: `"j"`, `"/"`, `"Escape"`, and `"g d"` for two in a row. Not while somebody types, but Escape. */
export function useKeys(keys: Keys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    if (asked.length === 0) addEventListener("keydown", pressed);
    asked.push(now);
    return () => {
      asked.splice(asked.indexOf(now), 1);
      if (asked.length === 0) removeEventListener("keydown", pressed);
    };
  }, []);
}
