import { useEffect } from "preact/hooks";

/** What a key does; `true` where it was used. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

const TYPES = new Set(["INPUT", "TEXTAREA", "SELECT"]);

function isTyping(event: KeyboardEvent): boolean {
  const at = event.target;
  return at instanceof HTMLElement && (TYPES.has(at.tagName) || at.isContentEditable);
}

/** Keys of a page, while it is there: `"j"`, `"/"`, `"Escape"`, and `"g d"` for two in a row. Not while somebody types, but Escape. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    let before = "";
    let clear: ReturnType<typeof setTimeout> | undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (isTyping(event) && event.key !== "Escape") return;
      const act = keys[`${before} ${event.key}`] ?? keys[event.key];
      clearTimeout(clear);
      before = event.key;
      clear = setTimeout(() => {
        before = "";
      }, 1_000);
      if (!act) return;
      before = "";
      event.preventDefault();
      act(event);
    };
    addEventListener("keydown", pressed);
    return () => {
      clearTimeout(clear);
      removeEventListener("keydown", pressed);
    };
  });
}
