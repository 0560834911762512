import { ArrowLeft, ArrowLeftRight, CircleCheck, Hand, PanelRight } from "lucide-preact";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { mayAct, me, rows, typing } from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Avatar, presenceText } from "./Avatar.tsx";
import { acceptIt } from "./accept_it.ts";
import { CloseIt } from "./CloseIt.tsx";
import { Composer } from "./Composer.tsx";
import { History } from "./History.tsx";
import { Waited } from "./RowView.tsx";
import { TransferIt } from "./TransferIt.tsx";

interface Props {
  id: number;
  hasFacts: boolean;
  onFacts: () => void;
}

/** A conversation: whose it is, what can be done with it, its messages, and the answer. */
export function Conversation({ id, hasFacts, onFacts }: Props) {
  const said = words.value.desk;
  const [, go] = useLocation();
  const [asks, setAsks] = useState<"close" | "transfer">();
  const [isBusy, setBusy] = useState(false);
  const row = rows.value.get(id);
  const user = row?.user;
  const take = async () => {
    setBusy(true);
    await acceptIt(id, go).finally(() => setBusy(false));
  };
  return (
    <section class="pane conversation" aria-label={user?.nickname ?? `#${id}`}>
      <header>
        <Link class="button plain icon back" href="/desk" aria-label={said.back}>
          <ArrowLeft size={18} aria-hidden="true" />
        </Link>
        {user ? <Avatar user_id={user.user_id} name={user.nickname} /> : null}
        <div class="who">
          <h2>{user?.nickname ?? `#${id}`}</h2>
          <p class="quiet">
            {typing.value.has(id) ? (
              <span class="typing">{said.typing}</span>
            ) : user ? (
              <span>{presenceText(user.user_id)}</span>
            ) : null}
            {row?.status === "waiting" ? <Waited row={row} /> : null}
            {row?.admin && row.admin.user_id !== me.value ? (
              <span>{said.withOther(row.admin.nickname)}</span>
            ) : null}
          </p>
        </div>
        <div class="acts">
          {row?.status === "waiting" ? (
            <Button kind="primary" disabled={isBusy} onClick={() => void take()}>
              <Hand size={15} aria-hidden="true" />
              {said.accept}
            </Button>
          ) : null}
          {row && row.status !== "waiting" && mayAct(row) ? (
            <>
              <Button onClick={() => setAsks("transfer")}>
                <ArrowLeftRight size={15} aria-hidden="true" />
                <span class="text">{said.transfer}</span>
              </Button>
              <Button onClick={() => setAsks("close")}>
                <CircleCheck size={15} aria-hidden="true" />
                <span class="text">{said.close}</span>
              </Button>
            </>
          ) : null}
          {row?.status === "closed" ? <span class="tag">{said.status.closed}</span> : null}
          <Button kind="plain" label={said.showFacts} aria-pressed={hasFacts} onClick={onFacts}>
            <PanelRight size={17} aria-hidden="true" />
          </Button>
        </div>
      </header>
      <History id={id} name={user?.nickname ?? ""} />
      <Composer id={id} />
      {asks === "close" ? <CloseIt id={id} onClose={() => setAsks(undefined)} /> : null}
      {asks === "transfer" ? <TransferIt id={id} onClose={() => setAsks(undefined)} /> : null}
    </section>
  );
}
