import type { Schemas } from "@drawbridge/client";
import { RotateCw } from "lucide-preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useEvery } from "../../ui/every.ts";
import {
  ChoiceFilter,
  FilterRow,
  moment,
  present,
  TextFilter,
  useFilters,
  wholeNumber,
} from "../../ui/filters.tsx";
import { usePages } from "../../ui/load.ts";
import { Rows } from "../../ui/Rows.tsx";
import { fullTime } from "../../ui/time.ts";
import { factsOf, toneOf } from "./detail.ts";
import "./audit.css";

type Recorded = Schemas["Recorded"];
type EventName = keyof ReturnType<typeof eventWords>;

/** How often the live list is read anew, in milliseconds. */
const EVERY = 3_000;

function eventWords() {
  return words.value.audit.events;
}

/** All that was put on record, the newest first. */
export default function Audit() {
  const said = words.value.audit;
  const filters = useFilters(["user_id", "event", "from", "to"]);
  const { values, set } = filters;
  const [isLive, setLive] = useState(false);
  const list = usePages<Recorded>(
    async (cursor) => {
      const { events, pagination } = await client().get("/api/v4/console/auth/audit", {
        query: present({
          user_id: wholeNumber(values.user_id),
          event: values.event as EventName | undefined,
          from: moment(values.from),
          to: moment(values.to),
          limit: 50,
          cursor,
        }),
      });
      return { rows: events, pagination };
    },
    [filters.key],
  );
  const { reload } = list;
  useEvery(isLive ? EVERY : undefined, reload);
  return (
    <>
      <header class="page-head">
        <h1>{said.title}</h1>
        {list.total && (
          <span class="quiet">{said.total(list.total.count, list.total.isLeast)}</span>
        )}
        <Button kind="plain" label={said.refresh} onClick={reload}>
          <RotateCw size={16} aria-hidden="true" />
        </Button>
        <Button aria-pressed={isLive} onClick={() => setLive(!isLive)}>
          <span class={isLive ? "dot on" : "dot"} />
          {said.live}
        </Button>
      </header>
      <div class="page-body">
        <FilterRow>
          <TextFilter
            label={said.filters.user}
            name="user_id"
            inputMode="numeric"
            value={values.user_id}
            onChange={(value) => set("user_id", value)}
          />
          <ChoiceFilter
            label={said.filters.event}
            name="event"
            any={said.filters.any}
            value={values.event}
            choices={Object.entries(said.events)}
            onChange={(value) => set("event", value)}
          />
          <TextFilter
            label={said.filters.from}
            name="from"
            type="datetime-local"
            value={values.from}
            onChange={(value) => set("from", value)}
          />
          <TextFilter
            label={said.filters.to}
            name="to"
            type="datetime-local"
            value={values.to}
            onChange={(value) => set("to", value)}
          />
          {filters.hasAny && (
            <Button kind="plain" onClick={filters.clear}>
              {said.filters.clear}
            </Button>
          )}
        </FilterRow>
        <Rows
          label={said.title}
          list={list}
          nothing={said.nothing}
          keyOf={(event) => event.audit_event_id}
          head={
            <>
              <th>{said.columns.at}</th>
              <th>{said.columns.event}</th>
              <th>{said.columns.user}</th>
              <th class="wide">{said.columns.session}</th>
              <th class="wide">{said.columns.ip}</th>
              <th>{said.columns.detail}</th>
            </>
          }
          row={(event) => <Cells event={event} />}
        />
      </div>
    </>
  );
}

function Cells({ event }: { event: Recorded }) {
  const said = words.value.audit;
  const name = (eventWords() as Record<string, string>)[event.event] ?? event.event;
  const [isWhole, setWhole] = useState(false);
  const isByOther = event.actor_user_id !== null && event.actor_user_id !== event.user_id;
  return (
    <>
      <td class="when">{fullTime(event.created_at)}</td>
      <td>
        <span class={`tag ${toneOf(event.event)}`} title={event.event}>
          {name}
        </span>
      </td>
      <td>
        {event.user_id === null ? (
          "–"
        ) : (
          <Link href={`/sessions/users/${event.user_id}`}>{event.user_id}</Link>
        )}
        {isByOther && (
          <span class="sub">
            {said.columns.actor}{" "}
            <Link href={`/audit?user_id=${event.actor_user_id}`}>{event.actor_user_id}</Link>
          </span>
        )}
      </td>
      <td class="wide mono">
        {event.authentication_session_id !== null && event.user_id !== null ? (
          <Link
            href={`/sessions/users/${event.user_id}?session=${event.authentication_session_id}`}
          >
            {event.authentication_session_id}
          </Link>
        ) : (
          (event.authentication_session_id ?? "–")
        )}
      </td>
      <td class="wide mono">{event.client_ip ?? "–"}</td>
      <td class="detail">
        {factsOf(event.detail).map((fact) => (
          <span key={fact.name} class="fact">
            {fact.name && <span class="quiet">{fact.name} </span>}
            <span class="mono">{fact.value}</span>
          </span>
        ))}
        <button
          type="button"
          class="whole"
          aria-expanded={isWhole}
          aria-label={said.whole}
          title={said.whole}
          onClick={() => setWhole(!isWhole)}
        >
          {"{ }"}
        </button>
        {isWhole && <pre class="mono">{JSON.stringify(event, null, 2)}</pre>}
      </td>
    </>
  );
}
