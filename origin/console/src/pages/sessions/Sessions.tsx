import type { Schemas } from "@drawbridge/client";
import { RotateCw } from "lucide-preact";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
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
import { Risk, State } from "../../ui/State.tsx";
import { fullTime, shortTime } from "../../ui/time.ts";
import { deviceWords } from "../timeline/model/device.ts";
import { EndSession } from "./EndSession.tsx";

type Found = Schemas["Found"];

const NAMES = ["user_id", "user_type", "client_type", "state", "login_ip", "from", "to"] as const;

/** An address as the API takes one, or nothing. */
function address(text: string | undefined): string | undefined {
  return text && /^[0-9a-fA-F.:]{2,45}$/.test(text) ? text : undefined;
}

/** All sessions of anyone, and a way to end one. */
export default function Sessions() {
  const said = words.value.sessions;
  const [, go] = useLocation();
  const filters = useFilters(NAMES);
  const { values, set } = filters;
  const [ending, setEnding] = useState<number>();
  const list = usePages<Found>(
    async (cursor) => {
      const { sessions, pagination } = await client().get("/api/v4/console/auth/sessions", {
        query: present({
          user_id: wholeNumber(values.user_id),
          user_type: values.user_type as Schemas["UserType"] | undefined,
          client_type: values.client_type as Schemas["ClientType"] | undefined,
          state: values.state as Schemas["State"] | undefined,
          login_ip: address(values.login_ip),
          from: moment(values.from),
          to: moment(values.to),
          limit: 50,
          cursor,
        }),
      });
      return { rows: sessions, pagination };
    },
    [filters.key],
  );
  const open = (row: Found) => go(`/sessions/users/${row.user_id}`);
  return (
    <>
      <header class="page-head">
        <h1>{said.title}</h1>
        {list.total && (
          <span class="quiet">{said.total(list.total.count, list.total.isLeast)}</span>
        )}
        <Button
          kind="plain"
          label={words.value.timeline.refresh}
          onClick={list.reload}
          disabled={list.isLoading}
        >
          <RotateCw size={16} aria-hidden="true" />
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
            label={said.filters.state}
            name="state"
            any={said.filters.any}
            value={values.state}
            choices={Object.entries(said.states)}
            onChange={(value) => set("state", value)}
          />
          <ChoiceFilter
            label={said.filters.client}
            name="client_type"
            any={said.filters.any}
            value={values.client_type}
            choices={Object.entries(said.clients)}
            onChange={(value) => set("client_type", value)}
          />
          <ChoiceFilter
            label={said.filters.userType}
            name="user_type"
            any={said.filters.any}
            value={values.user_type}
            choices={Object.entries(said.userTypes)}
            onChange={(value) => set("user_type", value)}
          />
          <TextFilter
            label={said.filters.ip}
            name="login_ip"
            value={values.login_ip}
            onChange={(value) => set("login_ip", value)}
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
          keyOf={(row) => row.authentication_session_id}
          onOpen={open}
          head={
            <>
              <th>{said.columns.session}</th>
              <th>{said.columns.user}</th>
              <th>{said.columns.state}</th>
              <th class="wide">{said.columns.device}</th>
              <th class="wide">{said.columns.place}</th>
              <th>{said.columns.created}</th>
              <th class="wide">{said.columns.activity}</th>
              <th>{said.columns.risk}</th>
              <th>
                <span class="unseen">{said.end}</span>
              </th>
            </>
          }
          row={(row) => <Cells row={row} onEnd={() => setEnding(row.authentication_session_id)} />}
        />
      </div>
      {ending !== undefined && (
        <EndSession
          authentication_session_id={ending}
          onClose={() => setEnding(undefined)}
          onDone={() => {
            setEnding(undefined);
            list.reload();
          }}
        />
      )}
    </>
  );
}

function Cells({ row, onEnd }: { row: Found; onEnd: () => void }) {
  const said = words.value.sessions;
  const place = [row.city, row.country].filter(Boolean).join(", ");
  return (
    <>
      <td class="mono">{row.authentication_session_id}</td>
      <td>
        <Link href={`/sessions/users/${row.user_id}`} title={said.toTimeline}>
          {row.user_id}
        </Link>
      </td>
      <td>
        <State state={row.state} />
      </td>
      <td class="wide">
        {said.clients[row.client_type]}
        <span class="sub">{deviceWords(row) || said.unknownDevice}</span>
      </td>
      <td class="wide">
        <span class="mono">{row.login_ip ?? "–"}</span>
        <span class="sub">{place || said.unknownPlace}</span>
      </td>
      <td title={fullTime(row.created_at)}>{shortTime(row.created_at)}</td>
      <td class="wide" title={fullTime(row.last_activity)}>
        {shortTime(row.last_activity)}
      </td>
      <td>
        <Risk score={row.risk_score} causes={row.risk_causes} />
      </td>
      <td class="act">
        {row.state === "live" && (
          <Button kind="danger" onClick={onEnd} title={said.end}>
            {said.endShort}
          </Button>
        )}
      </td>
    </>
  );
}
