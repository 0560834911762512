import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { words } from "../i18n/index.ts";
import { Button } from "./Button.tsx";
import { useKeys } from "./keys.ts";
import type { Paged } from "./load.ts";

interface Props<T> {
  label: string;
  list: Paged<T>;
  nothing: string;
  head: ComponentChildren;
  keyOf: (row: T) => number;
  /** The cells of a row. */
  row: (row: T) => ComponentChildren;
  /** Enter, or a click beside any button and link. */
  onOpen?: (row: T) => void;
}

/** A table of a list that is read page by page: `j` and `k` go from row to row, Enter opens. */
export function Rows<T>({ label, list, nothing, head, keyOf, row, onOpen }: Props<T>) {
  const said = words.value.shell;
  const [here, setHere] = useState<number>();
  const place = useRef<HTMLTableSectionElement>(null);
  const go = (by: number) => {
    const index = list.rows.findIndex((one) => keyOf(one) === here);
    const next = index < 0 ? 0 : Math.min(Math.max(index + by, 0), list.rows.length - 1);
    const there = list.rows[next];
    if (!there) return;
    setHere(keyOf(there));
    place.current?.rows[next]?.scrollIntoView({ block: "nearest" });
  };
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    Enter: () => {
      const open = list.rows.find((one) => keyOf(one) === here);
      if (open) onOpen?.(open);
    },
  });
  return (
    <>
      {list.error && (
        <p class="notice bad" role="alert">
          {said.failed(list.error.message)} <Button onClick={list.reload}>{said.retry}</Button>
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section class="panel table-box" aria-label={label} tabIndex={0} aria-busy={list.isLoading}>
        <table class="rows">
          <thead>
            <tr>{head}</tr>
          </thead>
          <tbody ref={place}>
            {list.rows.map((one) => {
              const key = keyOf(one);
              return (
                <tr
                  key={key}
                  data-key={key}
                  class={[onOpen && "opens", key === here && "here"].filter(Boolean).join(" ")}
                  onClick={(event) => {
                    setHere(key);
                    const at = event.target;
                    if (at instanceof Element && at.closest("a, button, dialog, details")) return;
                    if (getSelection()?.isCollapsed !== false) onOpen?.(one);
                  }}
                >
                  {row(one)}
                </tr>
              );
            })}
          </tbody>
        </table>
        {list.rows.length === 0 && !list.error && (
          <p class="empty">{list.isLoading ? said.loading : nothing}</p>
        )}
      </section>
      {list.hasMore && (
        <p class="more-row">
          <Button onClick={list.more} disabled={list.isLoading}>
            {said.more}
          </Button>
        </p>
      )}
    </>
  );
}
