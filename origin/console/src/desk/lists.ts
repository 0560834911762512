import type { Schemas } from "@drawbridge/client";
import { computed, signal } from "@preact/signals";
import { client } from "../state/session.ts";
import { oneAtATime } from "./once.ts";
import { compare, isOf, put, type Row, type Tab, toRow } from "./rows.ts";
import { isReached, next, read, type Source, source } from "./sources.ts";
import { heard, me, rows, searched, tab } from "./state.ts";

const SESSIONS = "/api/v4/console/customer-service/sessions";
/** Rows of a list's first page, and of those that follow. */
const FIRST = 40;
const LIMIT = 100;
/** Pages that are asked for to find out what happened while there was no line. */
const MOST_PAGES = 4;

interface Query {
  status?: Schemas["ConversationStatus"];
  admin_id?: number;
  search?: string;
  sort?: "latest" | "waiting";
}

interface List {
  sources: readonly Source<Query>[];
  /** The rows of a search, which no rule of the page's own can tell. */
  found: ReadonlySet<number>;
  isLoading: boolean;
  /** What went wrong, for a person. */
  failed: string | undefined;
}

/** How far each list has been read: by tab, `waiting`, or `search …`. */
const lists = signal<Readonly<Record<string, List>>>({});

const key = computed(() => (searched.value ? `search ${searched.value}` : tab.value));

/** The list below the queue. */
export const shownList = computed(() => lists.value[key.value]);

/** Its rows, in their order. */
export const shown = computed<readonly Row[]>(() => {
  const list = shownList.value;
  if (!list) return [];
  const all: Row[] = [];
  for (const row of rows.value.values()) {
    const isOfIt = searched.value
      ? list.found.has(row.customer_service_session_id)
      : isOf(row, tab.value, me.value);
    if (isOfIt && isReached(list.sources, row)) all.push(row);
  }
  return all.sort(compare);
});

function queries(name: string): Query[] {
  if (name === "waiting") return [{ status: "waiting", sort: "waiting" }];
  if (name === "closed") return [{ status: "closed" }];
  if (name === "active") return [{ status: "assigned" }, { status: "active" }];
  if (name === "mine") {
    const admin_id = me.value;
    return [
      { status: "assigned", admin_id },
      { status: "active", admin_id },
    ];
  }
  return [{ search: name.slice("search ".length) }];
}

function setList(name: string, change: Partial<List>): void {
  const before = lists.value[name] ?? {
    sources: queries(name).map(source),
    found: new Set<number>(),
    isLoading: false,
    failed: undefined,
  };
  lists.value = { ...lists.value, [name]: { ...before, ...change } };
}

async function ask(query: Query, limit: number, cursor?: string) {
  const answer = await client().get(SESSIONS, {
    query: { ...query, limit, ...(cursor === undefined ? {} : { cursor }) },
  });
  const told = answer.sessions.map(toRow);
  rows.value = put(rows.value, told);
  for (const row of told) heard(row.admin);
  return { told, cursor: answer.pagination.next_cursor };
}

/** Reads the next page of a list, where there is one. */
export async function more(name: Tab | "waiting" | (string & {}) = key.value): Promise<void> {
  if (!lists.value[name]) setList(name, {});
  const list = lists.value[name];
  const index = list && next(list.sources);
  const from = index === undefined ? undefined : list?.sources[index];
  if (!list || !from || list.isLoading) return;
  setList(name, { isLoading: true, failed: undefined });
  try {
    const page = await ask(from.query, from.cursor === undefined ? FIRST : LIMIT, from.cursor);
    const sources = list.sources.with(index ?? 0, read(from, page.told, page.cursor));
    const found = new Set(list.found);
    if (name.startsWith("search ")) {
      for (const row of page.told) found.add(row.customer_service_session_id);
    }
    setList(name, { sources, found, isLoading: false });
  } catch (error) {
    setList(name, { isLoading: false, failed: error instanceof Error ? error.message : "" });
    return;
  }
  // Of several lists shown as one, nothing stands until each has been begun.
  if (lists.value[name]?.sources.some((one) => !one.last && !one.isDone)) await more(name);
}

const sought = new Map<number, () => void>();

/** Reads one conversation, as it is now. */
export function readNewer(id: number): void {
  const known =
    sought.get(id) ?? oneAtATime(() => ask({ search: String(id) }, 100).then(() => undefined));
  sought.set(id, known);
  known();
}

/** Reads of the queue what its event does not say: last messages, and what is unread. */
export const refreshWaiting = oneAtATime(async () => {
  await ask({ status: "waiting", sort: "waiting" }, 100);
  // A crowd that arrives is read a few times, and not once a head.
  await new Promise((go) => setTimeout(go, 500));
});

/** Reads the first of all open conversations anew. */
export const refreshOpen = oneAtATime(async () => {
  for (const query of queries("active")) await ask(query, FIRST);
});

/** Finds out what changed since `from` (milliseconds), when no event could come. */
export async function catchUp(from: number): Promise<void> {
  try {
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const read = await ask({}, 100, cursor);
      cursor = read.cursor;
      if (cursor === undefined || (read.told.at(-1)?.at ?? 0) < from) break;
    }
    await dropLost();
  } catch {
    // The next line brings the next chance.
  }
}

/** Drops what was given to somebody else meanwhile: such a conversation is not told of any more. */
async function dropLost(): Promise<void> {
  const mine = new Set<number>();
  for (const query of queries("mine")) {
    const page = await ask(query, 100);
    if (page.cursor !== undefined) return;
    for (const row of page.told) mine.add(row.customer_service_session_id);
  }
  const kept = [...rows.value].filter(([id, row]) => !isOf(row, "mine", me.value) || mine.has(id));
  if (kept.length < rows.value.size) rows.value = new Map(kept);
}

/** Forgets how far the lists were read. */
export function forgetLists(): void {
  sought.clear();
  lists.value = {};
}
