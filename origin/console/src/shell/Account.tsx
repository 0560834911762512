import { ApiError, type Schemas } from "@drawbridge/client";
import { signal } from "@preact/signals";
import { Monitor, Smartphone } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../i18n/index.ts";
import { tell } from "../state/notices.ts";
import { own } from "../state/own.ts";
import { client } from "../state/session.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { shortTime } from "../ui/time.ts";
import { Looks } from "./Looks.tsx";

type OwnSession = Schemas["OwnSession"];

/** Whether a person looks at their own account. */
export const isAccountOpen = signal(false);

function close(): void {
  isAccountOpen.value = false;
}

function nameOf(one: OwnSession): string {
  const client_type = words.value.shell.clients[one.client_type];
  const program = one.device_name ?? [one.browser, one.os].filter(Boolean).join(" · ");
  return program ? `${client_type} · ${program}` : client_type;
}

/** The person's own log-ins, each of which can be ended. */
function LogIns() {
  const { shell } = words.value;
  const [all, setAll] = useState<OwnSession[]>();
  const [failed, setFailed] = useState("");
  const load = () =>
    client()
      .get("/api/v4/auth/sessions")
      .then(({ sessions }) => setAll(sessions))
      .catch((error: Error) => setFailed(shell.failed(error.message)));
  useEffect(() => void load(), []);
  const endOne = (authentication_session_id: number) =>
    client()
      .post("/api/v4/auth/sessions/revoke", { body: { authentication_session_id } })
      .then(load)
      .catch((error: Error) => setFailed(shell.failed(error.message)));
  if (failed) return <p class="notice bad">{failed}</p>;
  if (!all) return <p class="quiet">{shell.loading}</p>;
  return (
    <ul class="log-ins">
      {all.map((one) => {
        const Icon = one.client_type === "web" ? Monitor : Smartphone;
        const place = [one.city, one.country, one.login_ip].filter(Boolean).join(" ");
        return (
          <li key={one.authentication_session_id}>
            <Icon size={18} aria-hidden="true" />
            <span class="words">
              <strong>{nameOf(one)}</strong>
              <span class="quiet">
                {[place, shell.lastUsed(shortTime(one.last_activity))].filter(Boolean).join(" · ")}
              </span>
            </span>
            {one.is_current ? (
              <span class="tag good">{shell.thisOne}</span>
            ) : (
              <Button onClick={() => void endOne(one.authentication_session_id)}>
                {shell.endOne}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Password({ onDone }: { onDone: () => void }) {
  const { shell } = words.value;
  const [before, setBefore] = useState("");
  const [next, setNext] = useState("");
  const [failed, setFailed] = useState("");
  const change = async () => {
    try {
      await client().changePassword(before, next);
      tell({ kind: "good", title: shell.passwordChanged });
      onDone();
    } catch (error) {
      const field = error instanceof ApiError ? error.fields?.[0]?.message : undefined;
      setFailed(field ?? (error instanceof Error ? error.message : ""));
    }
  };
  return (
    <form
      class="password"
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <label class="field">
        <span>{shell.oldPassword}</span>
        <input
          class="input"
          type="password"
          autocomplete="current-password"
          required
          value={before}
          onInput={(event) => setBefore(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{shell.newPassword}</span>
        <input
          class="input"
          type="password"
          autocomplete="new-password"
          required
          minLength={8}
          maxLength={128}
          value={next}
          onInput={(event) => setNext(event.currentTarget.value)}
        />
      </label>
      {failed ? (
        <p class="notice bad" role="alert">
          {failed}
        </p>
      ) : null}
      <footer>
        <Button onClick={onDone}>{shell.cancel}</Button>
        <Button type="submit" kind="primary">
          {shell.confirm}
        </Button>
      </footer>
    </form>
  );
}

/** Who is logged in, where else, and the way out. */
export function Account() {
  const { shell } = words.value;
  const [isChanging, setChanging] = useState(false);
  const user = own.value;
  const leave = (allDevices: boolean) => {
    close();
    void client()
      .logOut({ allDevices })
      .catch((error: Error) => tell({ kind: "bad", title: shell.failed(error.message) }));
  };
  if (isChanging) {
    return (
      <Dialog title={shell.password} onClose={() => setChanging(false)}>
        <Password onDone={() => setChanging(false)} />
      </Dialog>
    );
  }
  return (
    <Dialog title={shell.account} onClose={close}>
      {user ? (
        <p>
          <strong>{user.nickname}</strong>{" "}
          <span class="quiet">
            {[shell.roles[user.role], user.mobile ?? user.email].filter(Boolean).join(" · ")}
          </span>
        </p>
      ) : null}
      <div class="own-looks">
        <Looks />
      </div>
      <h3>{shell.logIns}</h3>
      <LogIns />
      <p class="quiet">{shell.logOutAllText}</p>
      <footer class="spread">
        <Button onClick={() => setChanging(true)}>{shell.password}</Button>
        <Button kind="danger" onClick={() => leave(true)}>
          {shell.logOutAll}
        </Button>
        <Button onClick={() => leave(false)}>{shell.logOut}</Button>
        <Button onClick={close}>{shell.close}</Button>
      </footer>
    </Dialog>
  );
}
