import { Flame } from "lucide-preact";
import { memo } from "preact/compat";
import { Link } from "wouter-preact";
import { since, urgency } from "../../desk/queue.ts";
import type { Row } from "../../desk/rows.ts";
import { me, typing } from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { tick } from "../../ui/tick.ts";
import { duration, shortTime } from "../../ui/time.ts";
import { Avatar } from "./Avatar.tsx";

/** Height of a row, in pixels. */
export const ROW = 66;

/** How long somebody has waited, as it goes on. */
export function Waited({ row }: { row: Row }) {
  const seconds = Math.max(0, (tick.value + (client().skew ?? 0) - since(row)) / 1_000);
  return (
    <span class={`waited ${urgency(seconds)}`}>{words.value.desk.waitsFor(duration(seconds))}</span>
  );
}

function Preview({ row }: { row: Row }) {
  const said = words.value.desk;
  if (typing.value.has(row.customer_service_session_id)) {
    return <span class="preview typing">{said.typing}</span>;
  }
  const last = row.last_message;
  if (!last) return <span class="preview">{said.noMessage}</span>;
  const isMine = last.sender_type === "admin" && row.admin?.user_id === me.value;
  const isPicture = /^https:\/\/\S+\.(png|jpe?g|gif|webp)(\?\S*)?$/i.test(last.content);
  return (
    <span class="preview">
      {isMine ? `${said.you}: ` : ""}
      {isPicture ? said.image : last.content}
    </span>
  );
}

interface Props {
  row: Row;
  isOpen: boolean;
  isMarked: boolean;
  /** Whether its status is not to be seen from where it stands. */
  hasStatus: boolean;
}

/** A conversation in the list. */
export const RowView = memo(function RowView({ row, isOpen, isMarked, hasStatus }: Props) {
  const said = words.value.desk;
  const isWaiting = row.status === "waiting";
  const name = row.user.nickname;
  const classes = ["row", isMarked && "marked", row.unread_count > 0 && "unread"];
  return (
    <Link
      href={`/desk/${row.customer_service_session_id}`}
      class={classes.filter(Boolean).join(" ")}
      aria-current={isOpen ? "true" : undefined}
      data-conversation={row.customer_service_session_id}
    >
      <Avatar user_id={row.user.user_id} name={name} />
      <span class="middle">
        <span class="line">
          <strong>{name}</strong>
          {row.priority > 0 ? (
            <span class="urgent" title={said.urgent}>
              <Flame size={13} aria-label={said.urgent} />
            </span>
          ) : null}
          {isWaiting ? (
            <Waited row={row} />
          ) : (
            <time dateTime={row.updated_at}>{shortTime(row.at)}</time>
          )}
        </span>
        <span class="line">
          <Preview row={row} />
          {hasStatus || row.status === "assigned" ? (
            <span class={`tag ${row.status === "assigned" ? "warn" : ""}`}>
              {said.status[row.status]}
            </span>
          ) : null}
          {row.unread_count > 0 ? (
            <span class="badge" title={said.unread(row.unread_count)}>
              {row.unread_count > 99 ? "99+" : row.unread_count}
            </span>
          ) : null}
        </span>
      </span>
    </Link>
  );
});
