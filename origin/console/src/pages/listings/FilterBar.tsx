import { Search, SlidersHorizontal, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { type Filters, KINDS, LONGEST, SORTS } from "./filters.ts";

/** How long typing pauses before the list follows, in milliseconds. */
const PAUSE = 350;

interface FieldProps {
  name: string;
  label: string;
  value: string;
  isNumber?: boolean;
  longest?: number;
  onChange: (value: string) => void;
}

/** A field whose text is taken once typing pauses. */
function TextField({ name, label, value, isNumber, longest, onChange }: FieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      class="input"
      id={`filter-${name}`}
      aria-label={label}
      placeholder={label}
      inputMode={isNumber ? "numeric" : "text"}
      maxLength={longest ?? 15}
      value={text}
      onInput={(event) => {
        const typed = event.currentTarget.value;
        setText(isNumber ? typed.replace(/\D/g, "") : typed);
      }}
    />
  );
}

interface Props {
  filters: Filters;
  onChange: (filters: Filters) => void;
}

/** What the list may be narrowed by. */
export function FilterBar({ filters, onChange }: Props) {
  const said = words.value.listings;
  const rest = ["rarity", "category", "price_asset", "min_price", "max_price"] as const;
  const [isWide, setWide] = useState(rest.some((name) => filters[name] !== undefined));
  const set = (name: keyof Filters, value: string | number | undefined) => {
    const { [name]: _, ...others } = filters;
    onChange(value === undefined || value === "" ? others : { ...others, [name]: value });
  };
  const text = (name: "search" | "rarity" | "category" | "price_asset") => (
    <TextField
      name={name}
      label={said.filters[name]}
      value={filters[name] ?? ""}
      longest={LONGEST[name]}
      onChange={(value) => set(name, value.trim())}
    />
  );
  const number = (name: "seller_user_id" | "min_price" | "max_price", label: string) => (
    <TextField
      name={name}
      label={label}
      value={filters[name] === undefined ? "" : String(filters[name])}
      isNumber
      onChange={(value) => set(name, value === "" ? undefined : Number(value))}
    />
  );
  const hasAny = Object.keys(filters).some((name) => name !== "sort");
  return (
    <search class="filters">
      <div class="line">
        <div class="found">
          <Search size={15} aria-hidden="true" />
          {text("search")}
        </div>
        {number("seller_user_id", said.filters.seller)}
        <select
          class="input"
          aria-label={said.filters.kind}
          value={filters.listing_kind ?? ""}
          onChange={(event) => set("listing_kind", event.currentTarget.value)}
        >
          <option value="">{said.filters.kind}</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {said.kind[kind]}
            </option>
          ))}
        </select>
        <select
          class="input"
          aria-label={said.filters.sort}
          value={filters.sort ?? "newest"}
          onChange={(event) => {
            const sort = event.currentTarget.value;
            set("sort", sort === "newest" ? undefined : sort);
          }}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {said.sort[sort]}
            </option>
          ))}
        </select>
        <Button aria-expanded={isWide} onClick={() => setWide(!isWide)}>
          <SlidersHorizontal size={15} aria-hidden="true" />
          {said.filters.more}
        </Button>
        {hasAny ? (
          <Button kind="plain" onClick={() => onChange(filters.sort ? { sort: filters.sort } : {})}>
            <X size={15} aria-hidden="true" />
            {said.filters.clear}
          </Button>
        ) : null}
      </div>
      {isWide ? (
        <div class="line">
          {text("rarity")}
          {text("category")}
          {text("price_asset")}
          {number("min_price", said.filters.min_price)}
          {number("max_price", said.filters.max_price)}
        </div>
      ) : null}
    </search>
  );
}
