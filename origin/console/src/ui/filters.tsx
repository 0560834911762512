import type { ComponentChildren } from "preact";
import { useLocation, useSearch } from "wouter-preact";

/** Filters that stand in the page's address, so that a link leads to what one sees. */
export function useFilters<N extends string>(names: readonly N[]) {
  const query = new URLSearchParams(useSearch());
  const [location, go] = useLocation();
  const values: Partial<Record<N, string>> = {};
  for (const name of names) {
    const value = query.get(name);
    if (value) values[name] = value;
  }
  const put = (next: Partial<Record<N, string>>) => {
    const kept = new URLSearchParams(next as Record<string, string>).toString();
    go(kept ? `${location}?${kept}` : location, { replace: true });
  };
  return {
    values,
    /** All of them in one text, which changes when one does. */
    key: JSON.stringify(values),
    set: (name: N, value: string) => {
      const { [name]: _, ...others } = values;
      const rest = others as Partial<Record<N, string>>;
      put(value.trim() ? { ...rest, [name]: value.trim() } : rest);
    },
    clear: () => put({}),
    hasAny: Object.keys(values).length > 0,
  };
}

/** A whole number from 1 on, where the text is one. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** The moment of a date field, in the browser's zone, as the API wants it. */
export function moment(text: string | undefined): string | undefined {
  const at = text ? new Date(text) : undefined;
  return at && !Number.isNaN(at.getTime()) && at.getTime() > 0 ? at.toISOString() : undefined;
}

/** Without what is not there. */
export function present<T extends object>(query: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const there = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as { [K in keyof T]: Exclude<T[K], undefined> };
}

interface TextProps {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
  type?: "text" | "search" | "datetime-local";
  inputMode?: "numeric" | "text";
  name?: string;
}

/** A filter that is typed; it counts once it is left, or by Enter. */
export function TextFilter({ label, value, onChange, type = "text", inputMode, name }: TextProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        type={type}
        name={name}
        inputMode={inputMode}
        value={value ?? ""}
        maxLength={254}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onChange(event.currentTarget.value);
        }}
      />
    </label>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  any: string;
  /** Values and what they are called. */
  choices: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
  name?: string;
}

/** A filter that is chosen. */
export function ChoiceFilter({ label, value, any, choices, onChange, name }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="input"
        name={name}
        value={value ?? ""}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="">{any}</option>
        {choices.map(([key, said]) => (
          <option key={key} value={key}>
            {said}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Filters side by side. */
export function FilterRow({ children }: { children: ComponentChildren }) {
  return <search class="filter-row">{children}</search>;
}
