import { signal } from "@preact/signals";
import { Bell, BellOff, Search, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { isLoud, turnSound } from "../../desk/alarm.ts";
import { more, shown, shownList } from "../../desk/lists.ts";
import type { Row, Tab } from "../../desk/rows.ts";
import {
  opened,
  queue,
  searched,
  tab,
  unreadCount,
  waitingCount,
  waitingRows,
} from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useVirtual } from "../../ui/virtual.ts";
import { ROW, RowView } from "./RowView.tsx";

/** The row that the keyboard stands on. */
export const marked = signal<number | undefined>(undefined);

interface RowsProps {
  rows: readonly Row[];
  name: string;
  label: string;
  hasStatus: boolean;
  onEnd: () => void;
}

/** Rows of any number, of which those in view are in the page. */
function Rows({ rows, name, label, hasStatus, onEnd }: RowsProps) {
  const { place, items, height, show } = useVirtual(rows.length, ROW);
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 10) onEnd();
  }, [last, rows.length]);
  const at = rows.findIndex((row) => row.customer_service_session_id === marked.value);
  useEffect(() => {
    if (at >= 0) show(at);
  }, [marked.value]);
  return (
    <div ref={place} class={`rows ${name}`}>
      <ul class="virtual" aria-label={label} style={{ height: `${height}px` }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const id = row.customer_service_session_id;
          return (
            <li
              key={id}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <RowView
                row={row}
                isOpen={opened.value === id}
                isMarked={marked.value === id}
                hasStatus={hasStatus}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Waiting() {
  const said = words.value.desk;
  const rows = waitingRows.value;
  const count = waitingCount.value;
  return (
    <section class="waiting-part" aria-label={said.waiting}>
      <h2>
        {said.waiting}
        <span class={`tag ${count > 0 ? "accent" : ""}`} data-waiting={count}>
          {count}
        </span>
      </h2>
      {rows.length === 0 ? (
        <p class="none">{said.nobodyWaits}</p>
      ) : (
        <Rows
          rows={rows}
          name="waiting"
          label={said.waiting}
          hasStatus={false}
          onEnd={() => {
            if (queue.value.total > rows.length) void more("waiting");
          }}
        />
      )}
    </section>
  );
}

function Tabs() {
  const said = words.value.desk;
  const now = session.value;
  const isAdmin = now.status === "live" && now.role === "admin";
  const all: Tab[] = isAdmin ? ["mine", "active", "closed"] : ["mine", "closed"];
  return (
    <div class="tabs" role="tablist" aria-label={said.list}>
      {all.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          aria-selected={tab.value === one}
          aria-controls="conversations"
          onClick={() => {
            tab.value = one;
          }}
        >
          {said.tabs[one]}
          {one === "mine" && unreadCount.value > 0 ? (
            <span class="badge">{unreadCount.value}</span>
          ) : null}
        </button>
      ))}
    </div>
  );
}

/** The list of conversations: who waits, and below, one's own, all, or those that are over. */
export function List() {
  const said = words.value.desk;
  const list = shownList.value;
  const isSearch = searched.value !== "";
  useEffect(() => {
    if (!list) void more();
  }, [list === undefined]);
  const rows = shown.value;
  return (
    <section class="pane list" aria-label={said.list}>
      <header>
        <h1>{words.value.shell.pages.desk}</h1>
        <Button
          kind="plain"
          label={isLoud.value ? said.soundOn : said.soundOff}
          aria-pressed={isLoud.value}
          onClick={turnSound}
        >
          {isLoud.value ? (
            <Bell size={17} aria-hidden="true" />
          ) : (
            <BellOff size={17} aria-hidden="true" />
          )}
        </Button>
      </header>
      <SearchField />
      {isSearch ? null : <Waiting />}
      {isSearch ? null : <Tabs />}
      <div id="conversations" class="conversations">
        {list?.failed === undefined ? null : (
          <p class="notice bad">
            {said.listFailed(list.failed)}{" "}
            <Button onClick={() => void more()}>{words.value.shell.retry}</Button>
          </p>
        )}
        {rows.length > 0 ? (
          <Rows
            key={isSearch ? "search" : tab.value}
            rows={rows}
            name="below"
            label={isSearch ? said.search : said.tabs[tab.value]}
            hasStatus={isSearch}
            onEnd={() => {
              if (list?.failed === undefined) void more();
            }}
          />
        ) : list && !list.isLoading && list.failed === undefined ? (
          <p class="empty">{isSearch ? said.notFound : said.nothing[tab.value]}</p>
        ) : null}
        {list?.isLoading && rows.length === 0 ? <Skeleton /> : null}
      </div>
    </section>
  );
}

function Skeleton() {
  return (
    <div class="skeletons" aria-hidden="true">
      {[0, 1, 2, 3, 4].map((one) => (
        <div key={one} class="skeleton" />
      ))}
    </div>
  );
}

/** How long typing pauses before what stands there is searched for, in milliseconds. */
const PAUSE = 250;

function SearchField() {
  const said = words.value.desk;
  const place = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const search = (text: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      searched.value = text.trim().slice(0, 50);
    }, PAUSE);
  };
  const clear = () => {
    clearTimeout(timer.current);
    searched.value = "";
    if (place.current) place.current.value = "";
  };
  return (
    <div class="search">
      <Search size={15} aria-hidden="true" />
      <input
        ref={place}
        id="desk-search"
        class="input"
        type="search"
        placeholder={said.search}
        aria-label={said.search}
        maxLength={50}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          clear();
          event.currentTarget.blur();
          event.stopPropagation();
        }}
      />
      {searched.value ? (
        <Button kind="plain" label={said.clear} onClick={clear}>
          <X size={14} aria-hidden="true" />
        </Button>
      ) : null}
    </div>
  );
}
