import type { Schemas } from "@drawbridge/client";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { locale, words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useKeys } from "../../ui/keys.ts";
import { shortTime } from "../../ui/time.ts";
import { useVirtual } from "../../ui/virtual.ts";
import { Chart } from "./Chart.tsx";
import { Detail, offerOf } from "./Detail.tsx";
import { FilterBar } from "./FilterBar.tsx";
import { type Filters, format, parse } from "./filters.ts";
import "./listings.css";

type Listing = Schemas["Listing"];

/** Height of a row, in pixels. */
const ROW = 48;
const LIMIT = 50;

interface Loaded {
  rows: readonly Listing[];
  cursor: string | undefined;
  isDone: boolean;
  total: Schemas["Pagination"] | undefined;
}

const NOTHING: Loaded = { rows: [], cursor: undefined, isDone: false, total: undefined };

/** The listings that fit, a page at a time. */
function useListings(filters: Filters) {
  const key = format(filters);
  const [loaded, setLoaded] = useState(NOTHING);
  const [failed, setFailed] = useState<string>();
  const asked = useRef({ key: "", isLoading: false });
  const more = useCallback(
    async (from: Loaded) => {
      const mine = { key, isLoading: true };
      asked.current = mine;
      setFailed(undefined);
      try {
        const page = await client().get("/api/v4/console/marketplace/listings", {
          query: {
            ...filters,
            limit: LIMIT,
            ...(from.cursor === undefined ? {} : { cursor: from.cursor }),
          },
        });
        if (asked.current !== mine) return;
        const cursor = page.pagination.next_cursor;
        setLoaded({
          rows: from.rows.concat(page.listings),
          cursor,
          isDone: cursor === undefined,
          total: from.total ?? page.pagination,
        });
      } catch (error) {
        if (asked.current === mine) setFailed(error instanceof Error ? error.message : "");
      }
      mine.isLoading = false;
    },
    [key],
  );
  useEffect(() => {
    setLoaded(NOTHING);
    void more(NOTHING);
  }, [more]);
  return {
    ...loaded,
    failed,
    isLoading: asked.current.isLoading,
    next: () => {
      if (!asked.current.isLoading && !loaded.isDone) void more(loaded);
    },
    change: (after: Listing) =>
      setLoaded((before) => ({
        ...before,
        rows: before.rows.map((one) =>
          one.market_listing_id === after.market_listing_id ? after : one,
        ),
      })),
  };
}

interface RowsProps {
  rows: readonly Listing[];
  chosen: number | undefined;
  onChoose: (id: number) => void;
  onEnd: () => void;
}

function Rows({ rows, chosen, onChoose, onEnd }: RowsProps) {
  const said = words.value.listings;
  const number = new Intl.NumberFormat(locale.value);
  const { place, items, height, show } = useVirtual(rows.length, ROW);
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 15) onEnd();
  }, [last, rows.length]);
  const at = rows.findIndex((one) => one.market_listing_id === chosen);
  useEffect(() => {
    if (at >= 0) show(at);
  }, [chosen]);
  return (
    <div ref={place} class="listing-rows">
      <ul class="virtual" style={{ height: `${height}px` }}>
        {items.map(({ index, start }) => {
          const one = rows[index];
          if (!one) return null;
          return (
            <li
              key={one.market_listing_id}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <button
                type="button"
                class="listing"
                aria-current={chosen === one.market_listing_id ? "true" : undefined}
                data-listing={one.market_listing_id}
                onClick={() => onChoose(one.market_listing_id)}
              >
                <span class="key">{one.market_listing_id}</span>
                <span class="what">
                  {offerOf(one)}
                  {one.offer_item_rarity ? <span class="tag">{one.offer_item_rarity}</span> : null}
                </span>
                <span class={`state ${one.status}`}>{said.status[one.status]}</span>
                <span class="price">
                  {number.format(one.price_amount)} <small>{one.price_asset_code}</small>
                </span>
                <span class="seller">{one.seller_user_id}</span>
                <time dateTime={one.updated_at}>{shortTime(one.updated_at)}</time>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** All listings: how many are where, those that fit, and one in full. */
export default function Listings() {
  const said = words.value.listings;
  const [, go] = useLocation();
  const filters = parse(useSearch());
  const [stats, setStats] = useState<Schemas["ListingStats"]>();
  const [chosen, setChosen] = useState<number>();
  const list = useListings(filters);
  const set = (next: Filters) => {
    const query = format(next);
    go(query ? `/listings?${query}` : "/listings", { replace: true });
  };
  const readStats = () =>
    client()
      .get("/api/v4/console/marketplace/stats")
      .then(setStats)
      .catch(() => undefined);
  useEffect(() => void readStats(), []);
  const shown = list.rows.find((one) => one.market_listing_id === chosen);
  const step = (by: number) => {
    const at = list.rows.findIndex((one) => one.market_listing_id === chosen);
    const next = list.rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.rows.length - 1)];
    if (next) setChosen(next.market_listing_id);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Escape: () => setChosen(undefined),
    "/": () => document.getElementById("filter-search")?.focus(),
  });
  const number = new Intl.NumberFormat(locale.value);
  const total = list.total;
  return (
    <div class="listings-page">
      <header class="page-head">
        <h1>{words.value.shell.pages.listings}</h1>
        {total ? (
          <span class="quiet" data-total={total.total}>
            {said.total(`${number.format(total.total)}${total.total_is_at_least ? "+" : ""}`)}
          </span>
        ) : null}
      </header>
      <Chart
        stats={stats}
        chosen={filters.status}
        onChoose={(status) => {
          const { status: _, ...others } = filters;
          set(status ? { ...others, status } : others);
        }}
      />
      <FilterBar filters={filters} onChange={set} />
      <div class={`listing-body ${shown ? "has-detail" : ""}`}>
        <section class="panel listing-list" aria-label={words.value.shell.pages.listings}>
          <div class="listing head" aria-hidden="true">
            <span>{said.column.market_listing_id}</span>
            <span>{said.column.what}</span>
            <span>{said.column.status}</span>
            <span class="price">{said.column.price}</span>
            <span>{said.column.seller}</span>
            <span>{said.column.changed}</span>
          </div>
          {list.failed === undefined ? null : (
            <p class="notice bad">
              {said.failed(list.failed)}{" "}
              <Button onClick={list.next}>{words.value.shell.retry}</Button>
            </p>
          )}
          {list.rows.length > 0 ? (
            <Rows
              key={format(filters)}
              rows={list.rows}
              chosen={chosen}
              onChoose={setChosen}
              onEnd={() => {
                if (list.failed === undefined) list.next();
              }}
            />
          ) : list.isDone ? (
            <p class="empty">{said.nothing}</p>
          ) : list.failed === undefined ? (
            <p class="empty">{words.value.shell.loading}</p>
          ) : null}
        </section>
        {shown ? (
          <Detail
            key={shown.market_listing_id}
            listing={shown}
            onClose={() => setChosen(undefined)}
            onChange={(after) => {
              list.change(after);
              void readStats();
            }}
          />
        ) : null}
      </div>
    </div>
  );
}
