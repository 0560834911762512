import { words } from "../../i18n/index.ts";
import { Risk, State } from "../../ui/State.tsx";
import { duration, fullTime } from "../../ui/time.ts";
import { deviceWords } from "./model/device.ts";
import type { Span } from "./model/span.ts";

/** Who ended a session, in words. */
export function endedByWords(span: Span): string {
  const said = words.value.timeline;
  const { ended_by_session_id, ended_by_user_id, user_id } = span.row;
  if (ended_by_session_id !== null) return said.bySession(ended_by_session_id);
  if (ended_by_user_id !== null && ended_by_user_id !== user_id)
    return said.byUser(ended_by_user_id);
  return ended_by_user_id === null ? said.byService : said.byUser(ended_by_user_id);
}

/** What a session is, in a few lines. */
export function Facts({ span }: { span: Span }) {
  const said = words.value;
  const { row } = span;
  const place = [row.city, row.country].filter(Boolean).join(", ");
  return (
    <dl class="facts">
      <dt>{said.sessions.columns.state}</dt>
      <dd>
        <State state={span.state} />
      </dd>
      <dt>{said.timeline.device}</dt>
      <dd>
        {said.sessions.clients[row.client_type]} · {deviceWords(row) || said.sessions.unknownDevice}
      </dd>
      <dt>{said.timeline.network}</dt>
      <dd>
        <span class="mono">{row.login_ip ?? "–"}</span> {place && `· ${place}`}
      </dd>
      <dt>{said.timeline.from}</dt>
      <dd>{fullTime(span.from)}</dd>
      <dt>{span.isOpen ? said.timeline.lasted : said.timeline.until}</dt>
      <dd>
        {span.isOpen
          ? `${duration((span.to - span.from) / 1_000)} · ${said.timeline.stillOpen}`
          : `${fullTime(span.to)} · ${duration((span.to - span.from) / 1_000)}`}
      </dd>
      {!span.isOpen && (
        <>
          <dt>{said.timeline.endedBy}</dt>
          <dd>{endedByWords(span)}</dd>
        </>
      )}
      <dt>{said.timeline.risk}</dt>
      <dd>
        <Risk score={row.risk_score} causes={row.risk_causes} />
      </dd>
    </dl>
  );
}
