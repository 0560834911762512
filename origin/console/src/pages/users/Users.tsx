import type { Schemas } from "@drawbridge/client";
import { useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { ChoiceFilter, FilterRow, present, TextFilter, useFilters } from "../../ui/filters.tsx";
import { useKeys } from "../../ui/keys.ts";
import { usePages } from "../../ui/load.ts";
import { Rows } from "../../ui/Rows.tsx";
import { fullTime, shortTime } from "../../ui/time.ts";
import { ChangeUser } from "./ChangeUser.tsx";
import "./users.css";

type User = Schemas["PublicUser"];

/** All users, and what they may do. */
export default function Users() {
  const said = words.value.users;
  const [, go] = useLocation();
  const filters = useFilters(["search", "role", "status"]);
  const { values, set } = filters;
  const [changing, setChanging] = useState<{ user: User; what: "role" | "status" }>();
  const bar = useRef<HTMLDivElement>(null);
  useKeys({ "/": () => bar.current?.querySelector("input")?.focus() });
  const list = usePages<User>(
    async (cursor) => {
      const { users, pagination } = await client().get("/api/v4/console/users", {
        query: present({
          search: values.search,
          role: values.role as Schemas["Role"] | undefined,
          status: values.status as Schemas["UserStatus"] | undefined,
          limit: 50,
          cursor,
        }),
      });
      return { rows: users, pagination };
    },
    [filters.key],
  );
  return (
    <>
      <header class="page-head">
        <h1>{said.title}</h1>
        {list.total && (
          <span class="quiet">{said.total(list.total.count, list.total.isLeast)}</span>
        )}
      </header>
      <div class="page-body" ref={bar}>
        <FilterRow>
          <TextFilter
            label={said.search}
            name="search"
            type="search"
            value={values.search}
            onChange={(value) => set("search", value)}
          />
          <ChoiceFilter
            label={said.filters.role}
            name="role"
            any={said.filters.any}
            value={values.role}
            choices={Object.entries(said.roles)}
            onChange={(value) => set("role", value)}
          />
          <ChoiceFilter
            label={said.filters.status}
            name="status"
            any={said.filters.any}
            value={values.status}
            choices={Object.entries(said.statuses)}
            onChange={(value) => set("status", value)}
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
          keyOf={(user) => user.user_id}
          onOpen={(user) => go(`/sessions/users/${user.user_id}`)}
          head={
            <>
              <th>{said.columns.user}</th>
              <th class="wide">{said.columns.contact}</th>
              <th>{said.columns.role}</th>
              <th>{said.columns.status}</th>
              <th class="wide">{said.columns.created}</th>
              <th class="wide">
                <span class="unseen">{said.timeline}</span>
              </th>
            </>
          }
          row={(user) => <Cells user={user} onChange={(what) => setChanging({ user, what })} />}
        />
      </div>
      {changing && (
        <ChangeUser
          {...changing}
          onClose={() => setChanging(undefined)}
          onDone={() => {
            setChanging(undefined);
            list.reload();
          }}
        />
      )}
    </>
  );
}

const ROLE_KINDS = { user: "", agent: " accent", admin: " warn" };
const STATUS_KINDS = { active: " good", inactive: "", banned: " bad" };

function Cells({ user, onChange }: { user: User; onChange: (what: "role" | "status") => void }) {
  const said = words.value.users;
  return (
    <>
      <td>
        <b>{user.nickname}</b> {user.is_vip && <span class="tag accent">{said.vip}</span>}
        <span class="sub mono">{user.user_id}</span>
      </td>
      <td class="wide">
        <span class="mono">{user.mobile ?? "–"}</span>
        {user.email && <span class="sub">{user.email}</span>}
      </td>
      <td>
        <button
          type="button"
          class={`tag act${ROLE_KINDS[user.role]}`}
          title={said.changeRole}
          aria-label={`${said.changeRole}: ${user.nickname}, ${said.roles[user.role]}`}
          onClick={() => onChange("role")}
        >
          {said.roles[user.role]} ▾
        </button>
      </td>
      <td>
        <button
          type="button"
          class={`tag act${STATUS_KINDS[user.status]}`}
          title={said.changeStatus}
          aria-label={`${said.changeStatus}: ${user.nickname}, ${said.statuses[user.status]}`}
          onClick={() => onChange("status")}
        >
          {said.statuses[user.status]} ▾
        </button>
      </td>
      <td class="wide" title={fullTime(user.created_at)}>
        {shortTime(user.created_at)}
      </td>
      <td class="act wide">
        <Link class="button" href={`/sessions/users/${user.user_id}`}>
          {said.timeline}
        </Link>
      </td>
    </>
  );
}
