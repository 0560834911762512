import type { Schemas } from "@drawbridge/client";
import { locale, words } from "../../i18n/index.ts";
import { parts, STATUSES, type Status } from "./filters.ts";

interface Props {
  stats: Schemas["ListingStats"] | undefined;
  chosen: Status | undefined;
  onChoose: (status: Status | undefined) => void;
}

/** How many listings are where, as a bar and its legend, which choose. */
export function Chart({ stats, chosen, onChoose }: Props) {
  const said = words.value.listings;
  const number = new Intl.NumberFormat(locale.value);
  const counts = stats?.status_counts;
  return (
    <section class="chart panel" aria-label={said.byStatus}>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        {counts
          ? parts(counts).map(({ status, x, width }) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: the legend's buttons do the same.
              <rect
                key={status}
                class={`part ${status} ${chosen && chosen !== status ? "dim" : ""}`}
                x={x}
                y={0}
                width={width}
                height={8}
                onClick={() => onChoose(chosen === status ? undefined : status)}
              />
            ))
          : null}
      </svg>
      <div class="legend">
        <button type="button" aria-pressed={!chosen} onClick={() => onChoose(undefined)}>
          {said.all}
          <strong>{stats ? number.format(stats.total) : "–"}</strong>
        </button>
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            aria-pressed={chosen === status}
            data-status={status}
            onClick={() => onChoose(chosen === status ? undefined : status)}
          >
            <span class={`swatch ${status}`} />
            {said.status[status]}
            <strong>{counts ? number.format(counts[status]) : "–"}</strong>
          </button>
        ))}
      </div>
    </section>
  );
}
