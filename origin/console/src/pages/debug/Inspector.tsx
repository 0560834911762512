import type { Schemas } from "@drawbridge/client";
import { useEffect, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { asApiError } from "../../ui/load.ts";
import { duration, fullTime } from "../../ui/time.ts";
import { decode, MOMENTS } from "./model/jwt.ts";

type Account = Schemas["Account"];

/** Says check by check what is true of a token; the first that fails is what one sees first. */
export function Inspector({ token }: { token: string }) {
  const said = words.value.debug;
  const [account, setAccount] = useState<Account>();
  const [failed, setFailed] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    setAccount(undefined);
    setFailed(undefined);
  }, [token]);
  const inspect = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      setAccount(await client().post("/api/v4/console/auth/token/inspect", { body: { token } }));
    } catch (error) {
      setFailed(asApiError(error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="panel pad" aria-label={said.inspector}>
      <header class="bar">
        <h2>{said.inspector}</h2>
        <Button kind="primary" disabled={token === "" || isBusy} onClick={inspect}>
          {said.inspect}
        </Button>
      </header>
      {failed !== undefined && (
        <p class="notice bad" role="alert">
          {words.value.shell.failed(failed)}
        </p>
      )}
      {account && <Verdict account={account} />}
      <div class="halves">
        {account && <Checks account={account} />}
        {token !== "" && <Parts token={token} />}
      </div>
    </section>
  );
}

function Verdict({ account }: { account: Account }) {
  const said = words.value.debug;
  const { first_failure, checks } = account;
  if (!first_failure) {
    return (
      <p class="verdict good" role="status">
        {said.passed}
      </p>
    );
  }
  const { check, code } = first_failure;
  const detail = checks.find((one) => one.check === check)?.detail;
  return (
    <div class="verdict bad" role="status" data-check={check} data-code={code}>
      <span class="quiet">{said.failsAt}</span>
      <strong>
        {said.checks[check]} <span class="mono">{check}</span>
      </strong>
      <b class="mono code">{code}</b>
      <p>{said.meanings[check]}</p>
      {detail && <p class="mono">{detail}</p>}
    </div>
  );
}

const MARKS = { good: "✓", bad: "✗", none: "–" };

function Checks({ account }: { account: Account }) {
  const said = words.value.debug;
  return (
    <ol class="checks">
      {account.checks.map(({ check, ok, detail }) => {
        const mark = ok === null ? "none" : ok ? "good" : "bad";
        const isFirst = account.first_failure?.check === check;
        return (
          <li key={check} class={isFirst ? `${mark} first` : mark} data-check={check}>
            <span class="mark">
              <span aria-hidden="true">{MARKS[mark]}</span>
            </span>
            <span>
              <b>{said.checks[check]}</b> <span class="mono quiet">{check}</span>
              {ok === null && <span class="tag">{said.notMade}</span>}
              {detail && <span class="sub mono">{detail}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function Parts({ token }: { token: string }) {
  const said = words.value.debug;
  const parts = decode(token);
  if (!parts) return <p class="quiet">{said.notToken}</p>;
  return (
    <div class="parts">
      <h3>
        {said.header} <span class="quiet">· {said.local}</span>
      </h3>
      <Members of={parts.header} />
      <h3>{said.claims}</h3>
      <Members of={parts.claims} />
    </div>
  );
}

/** A moment with how far away it is. */
function momentWords(seconds: number): string {
  const away = (seconds * 1_000 - Date.now()) / 1_000;
  return `${fullTime(seconds * 1_000)} (${away < 0 ? "−" : "+"}${duration(Math.abs(away))})`;
}

function Members({ of }: { of: Record<string, unknown> }) {
  return (
    <dl class="facts">
      {Object.entries(of).map(([name, value]) => (
        <div key={name} class="member">
          <dt class="mono">{name}</dt>
          <dd class="mono">
            {typeof value === "string" ? value : JSON.stringify(value)}
            {MOMENTS.has(name) && typeof value === "number" && (
              <span class="quiet"> {momentWords(value)}</span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
