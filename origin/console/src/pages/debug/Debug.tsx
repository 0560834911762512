import { useEffect, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Configuration } from "./Configuration.tsx";
import { Inspector } from "./Inspector.tsx";
import { bare } from "./model/jwt.ts";
import { SocketBox } from "./SocketBox.tsx";
import "./debug.css";

/** Where a token fails, what a socket says, how the system is set up. */
export default function Debug() {
  const said = words.value.debug;
  // It is nowhere but here: leaving the page forgets it.
  const [token, setToken] = useState("");
  useEffect(() => {
    const forget = () => setToken("");
    addEventListener("pagehide", forget);
    return () => removeEventListener("pagehide", forget);
  }, []);
  return (
    <>
      <header class="page-head">
        <h1>{said.title}</h1>
      </header>
      <div class="page-body debug">
        <section class="panel pad token-box">
          <label class="field">
            <span>{said.token}</span>
            <textarea
              class="input mono"
              name="token"
              rows={3}
              maxLength={16_384}
              autocomplete="off"
              spellcheck={false}
              placeholder={said.paste}
              aria-describedby="token-hint"
              value={token}
              onInput={(event) => setToken(bare(event.currentTarget.value))}
            />
          </label>
          <div class="below">
            <p id="token-hint" class="quiet">
              {said.tokenHint}
            </p>
            <Button kind="plain" disabled={token === ""} onClick={() => setToken("")}>
              {said.clear}
            </Button>
          </div>
        </section>
        <Inspector token={token} />
        <SocketBox token={token} />
        <Configuration />
      </div>
    </>
  );
}
