import type { Schemas } from "@drawbridge/client";
import { Copy, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { rows } from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { tell } from "../../state/notices.ts";
import { client, session } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { fullTime, shortTime } from "../../ui/time.ts";
import { Avatar, presenceText } from "./Avatar.tsx";

/** Other conversations that are listed. */
const MOST = 10;

function Fact({ name, value, isCopied }: { name: string; value: string; isCopied?: boolean }) {
  const said = words.value.desk;
  const copy = () =>
    navigator.clipboard
      .writeText(value)
      .then(() => tell({ kind: "good", title: said.copied }))
      .catch(() => undefined);
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>
        {value}
        {isCopied ? (
          <Button kind="plain" label={`${said.copy}: ${name}`} onClick={() => void copy()}>
            <Copy size={13} aria-hidden="true" />
          </Button>
        ) : null}
      </dd>
    </div>
  );
}

/** Other conversations of the user, the newest first. */
function Earlier({ id, user_id }: { id: number; user_id: number }) {
  const said = words.value.desk;
  const [all, setAll] = useState<Schemas["ConversationSummary"][]>();
  useEffect(() => {
    client()
      .get("/api/v4/console/customer-service/sessions", {
        query: { search: String(user_id), limit: 50 },
      })
      .then(({ sessions }) =>
        setAll(
          sessions
            .filter((one) => one.user.user_id === user_id && one.customer_service_session_id !== id)
            .slice(0, MOST),
        ),
      )
      // Not known is not none: nothing is said of them then.
      .catch(() => setAll(undefined));
  }, [id, user_id]);
  if (!all) return null;
  return (
    <>
      <h3>{said.earlier}</h3>
      {all.length === 0 ? <p class="quiet">{said.noEarlier}</p> : null}
      <ul class="earlier">
        {all.map((one) => (
          <li key={one.customer_service_session_id}>
            <Link href={`/desk/${one.customer_service_session_id}`}>
              <span>{one.last_message?.content ?? `#${one.customer_service_session_id}`}</span>
              <span class="quiet">
                {shortTime(one.updated_at)} · {said.status[one.status]}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What is known of the user, and of the conversation. */
export function Facts({ id, onClose }: { id: number; onClose: () => void }) {
  const said = words.value.desk;
  const row = rows.value.get(id);
  const now = session.value;
  const isAdmin = now.status === "live" && now.role === "admin";
  const [user, setUser] = useState<Schemas["PublicUser"]>();
  const user_id = row?.user.user_id;
  useEffect(() => {
    if (!isAdmin || user_id === undefined) return;
    client()
      .get("/api/v4/console/users/{user_id}", { params: { user_id } })
      .then(setUser)
      .catch(() => undefined);
  }, [isAdmin, user_id]);
  return (
    <aside class="pane facts" aria-label={said.facts}>
      <header>
        <h2>{said.facts}</h2>
        <Button kind="plain" label={words.value.shell.close} onClick={onClose}>
          <X size={17} aria-hidden="true" />
        </Button>
      </header>
      {row && user_id !== undefined ? (
        <div class="inside">
          <div class="person">
            <Avatar user_id={user_id} name={row.user.nickname} />
            <div>
              <strong>{row.user.nickname}</strong>
              <p class="quiet">{presenceText(user_id)}</p>
            </div>
          </div>
          <dl>
            <Fact name={said.fact.user_id} value={String(user_id)} isCopied />
            {row.user.mobile ? (
              <Fact name={said.fact.mobile} value={row.user.mobile} isCopied />
            ) : null}
            {user?.email ? <Fact name={said.fact.email} value={user.email} isCopied /> : null}
            {user ? (
              <>
                <Fact name={said.fact.status} value={said.userStatus[user.status]} />
                <Fact name={said.fact.vip} value={user.is_vip ? said.yes : said.no} />
                <Fact name={said.fact.since} value={fullTime(user.created_at)} />
              </>
            ) : null}
          </dl>
          {isAdmin ? <Link href={`/sessions/users/${user_id}`}>{said.timeline}</Link> : null}
          <h3>{said.theConversation}</h3>
          <dl>
            <Fact name={said.fact.conversation} value={String(id)} isCopied />
            <Fact name={said.fact.state} value={said.status[row.status]} />
            <Fact name={said.fact.agent} value={row.admin?.nickname ?? said.nobody} />
            <Fact name={said.fact.source} value={row.source} />
            <Fact name={said.fact.priority} value={String(row.priority)} />
            <Fact name={said.fact.began} value={fullTime(row.created_at)} />
          </dl>
          <Earlier id={id} user_id={user_id} />
        </div>
      ) : null}
    </aside>
  );
}
