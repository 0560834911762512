import type { Schemas } from "@drawbridge/client";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { Link } from "wouter-preact";
import { locale, words } from "../../i18n/index.ts";
import { client, session } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useEvery } from "../../ui/every.ts";
import { useFilters } from "../../ui/filters.tsx";
import { useLoad } from "../../ui/load.ts";
import { duration, fullTime } from "../../ui/time.ts";
import { Chart, type Series } from "./Chart.tsx";
import { extentOf, perMinute } from "./series.ts";
import "./overview.css";

type Told = Schemas["Overview"];

/** Between two looks, in milliseconds. */
const EVERY = 15_000;
const RANGES = [60, 360, 1_440] as const;

/** How it all does: what is now, and how it went. */
export default function Overview() {
  const said = words.value.overview;
  const filters = useFilters(["minutes"]);
  const minutes = RANGES.find((one) => String(one) === filters.values.minutes) ?? 60;
  const loaded = useLoad(
    () => client().get("/api/v4/console/overview", { query: { minutes } }),
    [minutes],
  );
  useEvery(EVERY, loaded.reload);
  const { data, error } = loaded;
  return (
    <>
      <header class="page-head">
        <h1>{said.title}</h1>
        <fieldset class="ranges">
          <legend class="unseen">{said.range}</legend>
          {RANGES.map((one) => (
            <Button
              key={one}
              aria-pressed={one === minutes}
              onClick={() => filters.set("minutes", one === 60 ? "" : String(one))}
            >
              {said.ranges[one]}
            </Button>
          ))}
        </fieldset>
        {data && <span class="quiet">{said.updated(fullTime(data.now.at))}</span>}
      </header>
      <div class="page-body">
        {error && (
          <p class="notice bad" role="alert">
            {words.value.shell.failed(error.message)}{" "}
            <Button onClick={loaded.reload}>{words.value.shell.retry}</Button>
          </p>
        )}
        {data ? (
          <>
            <Tiles told={data} range={said.ranges[minutes]} />
            <Charts told={data} />
            <p class="quiet small">
              {said.process} {data.at_least && said.atLeast}
            </p>
          </>
        ) : (
          !error && <p class="empty">{words.value.shell.loading}</p>
        )}
      </div>
    </>
  );
}

interface TileProps {
  name: string;
  label: string;
  value: string;
  hint?: string | undefined;
  tone?: "warn" | "bad" | undefined;
  /** Where there is more of it. */
  href?: string | undefined;
}

function Tile({ name, label, value, hint, tone, href }: TileProps) {
  const inside: ComponentChildren = (
    <>
      <span class="label">{label}</span>
      <b data-value={value}>{value}</b>
      <span class="hint">{hint ?? ""}</span>
    </>
  );
  const names = ["tile panel", tone].filter(Boolean).join(" ");
  return href ? (
    <Link class={names} href={href} data-tile={name}>
      {inside}
    </Link>
  ) : (
    <div class={names} data-tile={name}>
      {inside}
    </div>
  );
}

function Tiles({ told, range }: { told: Told; range: string }) {
  const said = words.value.overview;
  const state = session.value;
  const isAdmin = state.status === "live" && state.role === "admin";
  const { now, points } = told;
  const sum = (of: (point: Told["points"][number]) => number) =>
    points.reduce((all, point) => all + of(point), 0);
  const number = (value: number) => value.toLocaleString(locale.value);
  const failures = sum((point) => point.log_in_failures);
  const outboxHint = () => {
    if (now.outbox_set_aside > 0) return said.tiles.setAside(now.outbox_set_aside);
    if (now.outbox_oldest_seconds === null) return said.tiles.outboxEmpty;
    return said.tiles.outboxHint(duration(now.outbox_oldest_seconds));
  };
  const isLate = (now.outbox_oldest_seconds ?? 0) > 10;
  return (
    <div class="tiles">
      <Tile
        name="live_sessions"
        label={said.tiles.live}
        value={number(now.live_sessions)}
        href={isAdmin ? "/sessions?state=live" : undefined}
      />
      <Tile
        name="waiting"
        label={said.tiles.waiting}
        value={number(now.waiting)}
        hint={said.tiles.waitingHint(now.assigned, now.active)}
        tone={now.waiting > 0 ? "warn" : undefined}
        href="/desk"
      />
      <Tile
        name="median_first_response"
        label={said.tiles.response}
        value={
          now.median_first_response_seconds === null
            ? said.none
            : duration(now.median_first_response_seconds)
        }
        hint={said.tiles.responseHint(range)}
      />
      <Tile
        name="outbox"
        label={said.tiles.outbox}
        value={number(now.outbox_pending)}
        hint={outboxHint()}
        tone={now.outbox_set_aside > 0 ? "bad" : isLate ? "warn" : undefined}
      />
      <Tile
        name="failures"
        label={said.tiles.failures}
        value={number(failures)}
        hint={said.tiles.failuresHint(
          sum((point) => point.log_ins),
          range,
        )}
        href={isAdmin ? "/audit?event=login_failed" : undefined}
      />
    </div>
  );
}

function Charts({ told }: { told: Told }) {
  const said = words.value.overview;
  const { points, step_seconds } = told;
  const { times, charts } = useMemo(() => {
    const of = (name: keyof Omit<Told["points"][number], "at">) => points.map((one) => one[name]);
    const charts: { title: string; isLevel?: boolean; series: Series[] }[] = [
      {
        title: said.charts.logIns,
        series: [
          { name: said.series.log_ins, values: of("log_ins"), colour: "--accent", kind: "bars" },
          {
            name: said.series.log_in_failures,
            values: of("log_in_failures"),
            colour: "--bad",
            kind: "thin bars",
          },
        ],
      },
      {
        title: said.charts.revocations,
        series: [
          {
            name: said.series.revocations,
            values: of("revocations"),
            colour: "--reason-replaced",
            kind: "bars",
          },
          {
            name: said.series.median,
            values: of("revocation_delay_ms_median"),
            colour: "--reason-password-changed",
            kind: "line",
            isDelay: true,
          },
          {
            name: said.series.p99,
            values: of("revocation_delay_ms_p99"),
            colour: "--reason-revoked",
            kind: "line",
            isDelay: true,
          },
        ],
      },
      {
        title: said.charts.live,
        isLevel: true,
        series: [
          {
            name: said.series.live,
            values: of("live_sessions"),
            colour: "--reason-live",
            kind: "line",
          },
        ],
      },
      {
        title: said.charts.messages,
        series: [
          {
            name: said.series.messages,
            values: perMinute(of("messages"), step_seconds),
            colour: "--accent",
            kind: "bars",
          },
        ],
      },
      {
        title: said.charts.outbox,
        isLevel: true,
        series: [
          {
            name: said.series.outbox,
            values: of("outbox_pending"),
            colour: "--warn",
            kind: "line",
          },
        ],
      },
    ];
    return { times: points.map((point) => Date.parse(point.at) / 1_000), charts };
  }, [points, step_seconds, said]);
  return (
    <div class="charts">
      {charts.map((chart) => (
        <Chart
          key={chart.title}
          title={chart.title}
          times={times}
          series={chart.series}
          summary={chart.series.map((one) => inWords(one, times, chart.isLevel)).join("; ")}
        />
      ))}
    </div>
  );
}

/** A series in a sentence, for those who do not see it. */
function inWords(one: Series, times: readonly number[], isLevel = false): string {
  const said = words.value.overview;
  const extent = extentOf(one.values);
  if (!extent) return said.empty(one.name);
  if (isLevel || one.isDelay) {
    return said.level(one.name, extent.last, extent.least, extent.most);
  }
  const at = fullTime((times[extent.mostAt] ?? 0) * 1_000);
  return said.sum(one.name, Math.round(extent.sum * 10) / 10, extent.most, at);
}
