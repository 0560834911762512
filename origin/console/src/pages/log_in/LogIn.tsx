import { ApiError, type SessionState } from "@drawbridge/client";
import { Eye, EyeOff, ShieldBan } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { Looks } from "../../shell/Looks.tsx";
import { client, isNoStaff } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { Bridge } from "./Bridge.tsx";
import { Why } from "./Why.tsx";
import { beginOf, credentials, reasonOf } from "./why.ts";

type Ended = Extract<SessionState, { status: "ended" }>;

/** What stands at a field, or below the form. */
interface Wrong {
  who?: string;
  password?: string;
  all?: string;
}

/** Seconds that are left of a pause that was asked for. */
function useCountdown(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(Date.now);
  const left = Math.max(0, Math.ceil((until - now) / 1_000));
  useEffect(() => {
    if (left === 0) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [left === 0]);
  const begin = (seconds: number) => {
    setNow(Date.now());
    setUntil(Date.now() + seconds * 1_000);
  };
  return [left, begin];
}

function Form() {
  const said = words.value.logIn;
  const [who, setWho] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Wrong>({});
  const [left, pause] = useCountdown();
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const refused = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "INVALID_CREDENTIALS") {
      setWrong({ password: said.wrong });
      second.current?.select();
    } else if (error.code === "RATE_LIMITED") {
      pause(error.retryAfter ?? 30);
    } else if (error.code === "VALIDATION_FAILED") {
      const at = (name: string) => error.fields?.find((one) => one.field.startsWith(name))?.message;
      const itsWho = at("mobile") ?? at("email");
      const itsPassword = at("password");
      setWrong({
        ...(itsWho ? { who: itsWho } : {}),
        ...(itsPassword ? { password: itsPassword } : {}),
        ...(itsWho || itsPassword ? {} : { all: error.message }),
      });
    } else if (error.code === "SESSION_LIMIT") setWrong({ all: said.limit });
    else if (error.todo === "keep_trying") setWrong({ all: said.unreachable });
    else setWrong({ all: error.message });
  };

  const submit = async () => {
    if (!who.trim()) {
      setWrong({ who: said.needWho });
      first.current?.focus();
      return;
    }
    if (!password) {
      setWrong({ password: said.needPassword });
      second.current?.focus();
      return;
    }
    setWrong({});
    setBusy(true);
    isNoStaff.value = false;
    try {
      await client().logIn(credentials(who, password));
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && left === 0) void submit();
      }}
    >
      <label class="field">
        <span>{said.who}</span>
        <input
          ref={first}
          class="input"
          name="username"
          autocomplete="username"
          autocapitalize="off"
          spellcheck={false}
          maxLength={254}
          value={who}
          aria-invalid={wrong.who ? true : undefined}
          aria-describedby={wrong.who ? "wrong-who" : undefined}
          onInput={(event) => setWho(event.currentTarget.value)}
        />
      </label>
      {wrong.who ? (
        <p id="wrong-who" class="wrong" role="alert">
          {wrong.who}
        </p>
      ) : null}
      <div class="field">
        <label for="password">{said.password}</label>
        <div class="secret">
          <input
            ref={second}
            id="password"
            class="input"
            name="password"
            type={isShown ? "text" : "password"}
            autocomplete="current-password"
            maxLength={128}
            value={password}
            aria-invalid={wrong.password ? true : undefined}
            aria-describedby={wrong.password ? "wrong-password" : undefined}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <Button
            kind="plain"
            label={isShown ? said.hide : said.show}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? (
              <EyeOff size={16} aria-hidden="true" />
            ) : (
              <Eye size={16} aria-hidden="true" />
            )}
          </Button>
        </div>
      </div>
      {wrong.password ? (
        <p id="wrong-password" class="wrong" role="alert">
          {wrong.password}
        </p>
      ) : null}
      {wrong.all ? (
        <p class="notice bad" role="alert">
          {wrong.all}
        </p>
      ) : null}
      {left > 0 ? (
        <p class="notice" role="timer">
          {said.waitFor(left)}
        </p>
      ) : null}
      <Button type="submit" kind="primary" disabled={isBusy || left > 0}>
        {isBusy ? said.submitting : said.submit}
      </Button>
    </form>
  );
}

/** The log-in: why the last session ended, and the form, which never sends itself. */
export function LogIn({ ended }: { ended: Ended | undefined }) {
  const said = words.value.logIn;
  const reason = reasonOf(ended);
  const [tapped, setTapped] = useState<string>();
  const isOpen = beginOf(reason, ended?.todo) === "form" || tapped === reason;
  return (
    <div class="log-in">
      <div class="looks">
        <Looks />
      </div>
      <main class="card">
        <header>
          <img src="/console/bridge.svg" alt="" width="36" height="36" />
          <h1>{said.title}</h1>
        </header>
        {isNoStaff.value ? (
          <section class="why user-inactive" data-reason="NO_STAFF" role="alert">
            <ShieldBan size={20} aria-hidden="true" />
            <div>
              <h2>{said.noStaff.title}</h2>
              <p>{said.noStaff.text}</p>
            </div>
          </section>
        ) : reason ? (
          <Why reason={reason} />
        ) : null}
        {isOpen ? (
          <Form />
        ) : (
          <Button kind="primary" onClick={() => setTapped(reason)}>
            {reason === "USER_INACTIVE" ? said.otherAccount : said.again}
          </Button>
        )}
      </main>
      <Bridge />
    </div>
  );
}
