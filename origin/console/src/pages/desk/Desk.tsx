import { useEffect, useState } from "preact/hooks";
import { useLocation, useParams } from "wouter-preact";
import { readNewer, shown } from "../../desk/lists.ts";
import { opened, rows, searched, waitingRows } from "../../desk/state.ts";
import { open } from "../../desk/threads.ts";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { useKeys } from "../../ui/keys.ts";
import { acceptIt } from "./accept_it.ts";
import { Conversation } from "./Conversation.tsx";
import "./desk.css";
import "./asks.css";
import "./composer.css";
import "./facts.css";
import "./conversation.css";
import { Facts } from "./Facts.tsx";
import { List, marked } from "./List.tsx";

const WIDE = "drawbridge.facts";

/** The desk: the list, the conversation, and what is known of its user. */
export default function Desk() {
  const [, go] = useLocation();
  const said = words.value.desk;
  const asked = Number(useParams().customer_service_session_id);
  const id = Number.isSafeInteger(asked) && asked > 0 ? asked : undefined;
  const [hasFacts, setFacts] = useState(localStorage.getItem(WIDE) !== "off" && innerWidth > 1_100);

  useEffect(() => {
    opened.value = id;
    if (id === undefined) return;
    marked.value = id;
    if (!rows.peek().has(id)) readNewer(id);
    void open(id);
    return () => {
      opened.value = undefined;
      client().chat.unfollow(id);
    };
  }, [id]);

  const step = (by: number) => {
    const all = searched.value ? shown.value : [...waitingRows.value, ...shown.value];
    const at = all.findIndex((row) => row.customer_service_session_id === marked.value);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    const row = all[Math.min(Math.max(next, 0), all.length - 1)];
    if (row) marked.value = row.customer_service_session_id;
  };
  const acts = () => marked.value ?? opened.value;
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      if (marked.value === undefined) return;
      if (marked.value !== id) go(`/desk/${marked.value}`);
      else document.getElementById("composer")?.focus();
    },
    Escape: (event) => {
      const at = event.target;
      if (at instanceof HTMLElement && at.id === "composer") at.blur();
      else if (id !== undefined) go("/desk");
    },
    "/": () => document.getElementById("desk-search")?.focus(),
    a: () => {
      const one = acts();
      if (one !== undefined && rows.value.get(one)?.status === "waiting") void acceptIt(one, go);
    },
  });

  const turnFacts = () => {
    localStorage.setItem(WIDE, hasFacts ? "off" : "on");
    setFacts(!hasFacts);
  };
  const shows = id === undefined ? "shows-list" : hasFacts ? "shows-facts" : "shows-one";
  return (
    <div class={`desk ${shows}`}>
      <List />
      {id === undefined ? (
        <section class="pane nothing-open">
          <p>{said.choose}</p>
          <p class="quiet">{said.chooseHint}</p>
        </section>
      ) : (
        <Conversation key={id} id={id} hasFacts={hasFacts} onFacts={turnFacts} />
      )}
      {id !== undefined && hasFacts ? (
        <Facts key={`facts ${id}`} id={id} onClose={turnFacts} />
      ) : null}
    </div>
  );
}
