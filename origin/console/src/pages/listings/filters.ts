import type { Schemas } from "@drawbridge/client";

export type Status = Schemas["ListingStatus"];
type Kind = Schemas["ListingKind"];
type Sort = "newest" | "oldest" | "price_asc" | "price_desc";

export const STATUSES: readonly Status[] = [
  "on_sale",
  "locked",
  "sold",
  "withdrawn",
  "admin_withdrawn",
];
export const KINDS: readonly Kind[] = ["item_instance", "fungible_asset"];
export const SORTS: readonly Sort[] = ["newest", "oldest", "price_asc", "price_desc"];

/** What is asked for: the members of the API's query. */
export interface Filters {
  status?: Status;
  search?: string;
  seller_user_id?: number;
  listing_kind?: Kind;
  rarity?: string;
  category?: string;
  price_asset?: string;
  min_price?: number;
  max_price?: number;
  sort?: Sort;
}

/** Longest text of each, in characters. */
export const LONGEST = { search: 100, rarity: 50, category: 50, price_asset: 50 } as const;
const TEXTS = ["search", "rarity", "category", "price_asset"] as const;
const NUMBERS = ["seller_user_id", "min_price", "max_price"] as const;

function number(text: string | null, least: number): number | undefined {
  if (!text || !/^\d{1,15}$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value >= least ? value : undefined;
}

function one<T extends string>(all: readonly T[], text: string | null): T | undefined {
  return all.find((each) => each === text);
}

/** The filters of an address; what the API would refuse is left out. */
export function parse(query: string): Filters {
  const told = new URLSearchParams(query);
  const found: Record<string, string | number | undefined> = {
    status: one(STATUSES, told.get("status")),
    listing_kind: one(KINDS, told.get("listing_kind")),
    sort: one(SORTS, told.get("sort")),
  };
  for (const name of TEXTS) {
    found[name] = told.get(name)?.trim().slice(0, LONGEST[name]) || undefined;
  }
  for (const name of NUMBERS) {
    found[name] = number(told.get(name), name === "seller_user_id" ? 1 : 0);
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** The same as an address has them. */
export function format(filters: Filters): string {
  const told = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined && value !== "") told.set(name, String(value));
  }
  return told.toString();
}

/** Where each part of a bar begins and how wide it is, of 100; what is there is seen. */
export function parts(
  counts: Readonly<Record<Status, number>>,
): { status: Status; x: number; width: number }[] {
  const LEAST = 1.5;
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  if (total === 0) return [];
  const wide = STATUSES.map((status) => ({
    status,
    width: counts[status] === 0 ? 0 : Math.max(LEAST, (counts[status] / total) * 100),
  })).filter(({ width }) => width > 0);
  const sum = wide.reduce((all, { width }) => all + width, 0);
  let x = 0;
  return wide.map(({ status, width }) => {
    const part = { status, x, width: (width / sum) * 100 };
    x += part.width;
    return part;
  });
}
