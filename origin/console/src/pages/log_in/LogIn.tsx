import type { SessionState } from "@drawbridge/client";
import { useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";

type Ended = Extract<SessionState, { status: "ended" }>;

/** To be written. */
export function LogIn({ ended }: { ended: Ended }) {
  const [mobile, setMobile] = useState("");
  const [password, setPassword] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void client().logIn({ mobile, password });
      }}
    >
      <p>{ended.message}</p>
      <input
        class="input"
        value={mobile}
        onInput={(event) => setMobile(event.currentTarget.value)}
      />
      <input
        class="input"
        type="password"
        value={password}
        onInput={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" kind="primary">
        {words.value.shell.confirm}
      </Button>
    </form>
  );
}
