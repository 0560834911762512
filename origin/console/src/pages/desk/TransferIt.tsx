import type { Schemas } from "@drawbridge/client";
import { useEffect, useState } from "preact/hooks";
import { staff, transfer } from "../../desk/acts.ts";
import { colleagues, me, rows } from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Avatar } from "./Avatar.tsx";
import { tellOutcome } from "./accept_it.ts";

type Agent = Pick<Schemas["PublicUser"], "user_id" | "nickname"> & { role?: Schemas["Role"] };

/** Chooses whom a conversation is handed to. Admins choose among all; agents among those they met. */
export function TransferIt({ id, onClose }: { id: number; onClose: () => void }) {
  const { desk: said, shell } = words.value;
  const now = session.value;
  const isAdmin = now.status === "live" && now.role === "admin";
  const [all, setAll] = useState<readonly Agent[] | undefined>();
  const [failed, setFailed] = useState("");
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const holder = rows.value.get(id)?.admin?.user_id;
  useEffect(() => {
    if (!isAdmin) {
      setAll([...colleagues.value].map(([user_id, nickname]) => ({ user_id, nickname })));
      return;
    }
    staff().then(setAll, (error: Error) => setFailed(shell.failed(error.message)));
  }, []);
  const wanted = text.trim().toLowerCase();
  const fits = (all ?? []).filter(
    (one) =>
      one.user_id !== holder &&
      (isAdmin || one.user_id !== me.value) &&
      (one.nickname.toLowerCase().includes(wanted) || String(one.user_id) === wanted),
  );
  const typedKey = /^[1-9]\d{0,14}$/.test(wanted) ? Number(wanted) : undefined;
  const choose = async (admin_id: number) => {
    setBusy(true);
    const outcome = await transfer(id, admin_id);
    setBusy(false);
    if (outcome.is === "failed") setFailed(said.failed(outcome.message));
    else {
      tellOutcome(outcome);
      onClose();
    }
  };
  return (
    <Dialog title={said.transferTo} onClose={onClose}>
      {isAdmin ? null : <p class="quiet">{said.agentsLimited}</p>}
      <input
        class="input"
        type="search"
        aria-label={isAdmin ? said.chooseAgent : said.agentKey}
        placeholder={isAdmin ? said.chooseAgent : said.agentKey}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {failed ? (
        <p class="notice bad" role="alert">
          {failed}
        </p>
      ) : null}
      <ul class="agents">
        {fits.slice(0, 50).map((one) => (
          <li key={one.user_id}>
            <button type="button" disabled={isBusy} onClick={() => void choose(one.user_id)}>
              <Avatar user_id={one.user_id} name={one.nickname} />
              <span>{one.nickname}</span>
              {one.role ? <span class="tag">{shell.roles[one.role]}</span> : null}
            </button>
          </li>
        ))}
      </ul>
      {fits.length === 0 && all ? (
        typedKey !== undefined && !isAdmin ? (
          <Button kind="primary" disabled={isBusy} onClick={() => void choose(typedKey)}>
            {said.transferTo} #{typedKey}
          </Button>
        ) : (
          <p class="quiet">{said.noAgents}</p>
        )
      ) : null}
      <footer>
        <Button onClick={onClose}>{shell.cancel}</Button>
      </footer>
    </Dialog>
  );
}
