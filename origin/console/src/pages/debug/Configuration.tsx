import type { Schemas } from "@drawbridge/client";
import { RotateCw } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { words } from "../../i18n/index.ts";
import { client, config } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useLoad } from "../../ui/load.ts";
import { duration, fullTime } from "../../ui/time.ts";

type Told = Schemas["Configuration"];

/** How far clocks may be apart before tokens are misjudged, in milliseconds. */
const LEEWAY = 30_000;
/** Less may be how it is measured: a `Date` header has whole seconds. */
const NOTHING = 1_000;

/** Whether this browser reaches the edge, and may read what it says. */
async function reaches(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url.replace(/\/+$/, "")}/healthz`, {
      credentials: "omit",
      signal: AbortSignal.timeout(5_000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/** What matters of how the system is set up, and whether its parts reach each other. */
export function Configuration() {
  const said = words.value.debug;
  const told = useLoad(() => client().get("/api/v4/console/configuration"), []);
  const edge = config.value?.socket_url ?? location.origin;
  const browser = useLoad(() => reaches(edge), [edge]);
  return (
    <section class="panel pad" aria-label={said.configuration}>
      <header class="bar">
        <h2>{said.configuration}</h2>
        <Button
          kind="plain"
          label={words.value.timeline.refresh}
          onClick={() => {
            told.reload();
            browser.reload();
          }}
        >
          <RotateCw size={16} aria-hidden="true" />
        </Button>
      </header>
      {told.error && (
        <p class="notice bad" role="alert">
          {words.value.shell.failed(told.error.message)}
        </p>
      )}
      {told.data && (
        <>
          <Verdicts told={told.data} browserReaches={browser.data} />
          <div class="halves">
            <Clocks told={told.data} />
            <Lives told={told.data} />
            <Places told={told.data} />
            <Keys told={told.data} />
          </div>
        </>
      )}
    </section>
  );
}

function Verdict({ ok, children }: { ok: boolean; children: ComponentChildren }) {
  return (
    <li class={ok ? "good" : "bad"}>
      <span class="mark" aria-hidden="true">
        {ok ? "✓" : "✗"}
      </span>
      {children}
    </li>
  );
}

interface VerdictsProps {
  told: Told;
  browserReaches: boolean | undefined;
}

function Verdicts({ told, browserReaches }: VerdictsProps) {
  const said = words.value.debug;
  const { edge, version, allowed_origins } = told;
  const isListed = allowed_origins.includes(location.origin);
  const isSame = edge.version === version;
  return (
    <ul class="checks verdicts">
      <Verdict ok={isListed}>{isListed ? said.thisOrigin : said.notThisOrigin}</Verdict>
      <Verdict ok={edge.is_reachable}>
        {edge.is_reachable
          ? said.edgeReached(edge.milliseconds ?? 0)
          : said.edgeNotReached(edge.problem ?? "")}
      </Verdict>
      {edge.reaches_origin !== null && (
        <Verdict ok={edge.reaches_origin}>
          {edge.reaches_origin ? said.originReached : said.originNotReached}
        </Verdict>
      )}
      {browserReaches !== undefined && (
        <Verdict ok={browserReaches}>
          {browserReaches ? said.browserReached : said.browserNotReached}
        </Verdict>
      )}
      {edge.version !== null && (
        <Verdict ok={isSame}>
          {isSame ? said.sameVersion(version) : said.otherVersion(edge.version, version)}
        </Verdict>
      )}
    </ul>
  );
}

/** A clock beside the origin's. */
function skewWords(milliseconds: number | null | undefined): string {
  const said = words.value.debug;
  if (milliseconds === null || milliseconds === undefined) return said.unknown;
  const apart = Math.abs(milliseconds);
  if (apart < NOTHING) return `${said.inStep} (±${Math.round(apart)} ms)`;
  const length = apart < 10_000 ? `${(apart / 1_000).toFixed(1)} s` : duration(apart / 1_000);
  return milliseconds > 0 ? said.ahead(length) : said.behind(length);
}

function Clocks({ told }: { told: Told }) {
  const said = words.value.debug;
  const skew = client().skew;
  const clocks = {
    browser: skew === undefined ? undefined : -skew,
    edge: told.edge.clock_skew_ms,
    database: told.database.clock_skew_ms,
  };
  const isApart = Object.values(clocks).some((one) => Math.abs(one ?? 0) > LEEWAY);
  return (
    <div>
      <h3>{said.clocks}</h3>
      <dl class="facts">
        {(["browser", "edge", "database"] as const).map((name) => (
          <div key={name} class="member">
            <dt>{said.skew[name]}</dt>
            <dd class={Math.abs(clocks[name] ?? 0) > LEEWAY ? "bad" : undefined}>
              {skewWords(clocks[name])}
            </dd>
          </div>
        ))}
      </dl>
      {isApart && <p class="notice bad">{said.skewed}</p>}
    </div>
  );
}

function Lives({ told }: { told: Told }) {
  const { debug: said, sessions } = words.value;
  const of = told.sessions;
  const lives = {
    access: of.access_token_seconds,
    refresh: of.refresh_token_seconds,
    session: of.session_seconds,
    idle: of.idle_seconds,
    kept: of.kept_seconds,
  };
  return (
    <div>
      <h3>{said.lifetimes}</h3>
      <dl class="facts">
        {(["access", "refresh", "session", "idle", "kept"] as const).map((name) => (
          <div key={name} class="member">
            <dt>{said.life[name]}</dt>
            <dd>{duration(lives[name])}</dd>
          </div>
        ))}
      </dl>
      <h3>{said.limits}</h3>
      <dl class="facts">
        {of.limits.map((one) => (
          <div key={`${one.user_type} ${one.client_type}`} class="member">
            <dt>
              {sessions.userTypes[one.user_type]} · {sessions.clients[one.client_type]}
            </dt>
            <dd>{said.limit(one.max_sessions, one.replaces_oldest)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Places({ told }: { told: Told }) {
  const said = words.value.debug;
  const { edge, database } = told;
  return (
    <div>
      <h3>{said.addresses}</h3>
      <ul class="plain mono">
        <li>{edge.public_url}</li>
        {edge.url !== edge.public_url && <li>{edge.url}</li>}
      </ul>
      <h3>{said.origins}</h3>
      <ul class="plain mono">
        {told.allowed_origins.map((origin) => (
          <li key={origin}>{origin === location.origin ? <b>{origin}</b> : origin}</li>
        ))}
      </ul>
      <h3>{said.database}</h3>
      <p class="mono">
        {database.kind} {database.version} · {database.milliseconds} ms
      </p>
    </div>
  );
}

function Keys({ told }: { told: Told }) {
  const said = words.value.debug;
  return (
    <div>
      <h3>{said.keys}</h3>
      <ul class="plain">
        {told.keys.map((key) => (
          <li key={key.kid}>
            <span class="mono">{key.kid}</span> {key.alg}{" "}
            <span class={`tag ${key.state === "signs" ? "good" : ""}`}>
              {said.keyStates[key.state]}
            </span>
            <span class="sub">
              {key.since && `${said.since} ${fullTime(key.since)} `}
              {key.retirable_from && `${said.retirable} ${fullTime(key.retirable_from)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
