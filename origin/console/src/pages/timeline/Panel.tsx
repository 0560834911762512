import { X } from "lucide-preact";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { fullTime } from "../../ui/time.ts";
import { EndSession } from "../sessions/EndSession.tsx";
import { Facts } from "./Facts.tsx";
import { bringIn } from "./moves.ts";
import type { Scene } from "./scene.ts";

interface Props {
  scene: Scene;
  onEnded: () => void;
}

/** All of the session that was picked, and what can be done to it. */
export function Panel({ scene, onEnded }: Props) {
  const [isEnding, setEnding] = useState(false);
  const id = scene.pinned.value;
  const span = id === undefined ? undefined : scene.all.get(id);
  if (!span) return null;
  const said = words.value;
  const { row } = span;
  const goTo = (other: number) => {
    bringIn(scene, other);
    scene.pinned.value = other;
  };
  return (
    <aside class="tl-panel panel" aria-label={`${said.sessions.columns.session} ${span.id}`}>
      <header>
        <h2>
          {said.sessions.columns.session} <span class="mono">{span.id}</span>
        </h2>
        <Button
          kind="plain"
          label={said.shell.close}
          onClick={() => {
            scene.pinned.value = undefined;
          }}
        >
          <X size={16} aria-hidden="true" />
        </Button>
      </header>
      <Facts span={span} />
      <dl class="facts">
        <dt>{said.timeline.lastActivity}</dt>
        <dd>{fullTime(row.last_activity)}</dd>
        <dt>{said.timeline.expires}</dt>
        <dd>{fullTime(row.expires_at)}</dd>
        {row.device_id !== null && (
          <>
            <dt>{said.timeline.deviceId}</dt>
            <dd class="mono long">{row.device_id}</dd>
          </>
        )}
        <dt>{said.timeline.agent}</dt>
        <dd class="mono long">{row.user_agent ?? "–"}</dd>
      </dl>
      {(span.endedBy !== undefined || row.replaced.length > 0) && (
        <div class="chain">
          {row.replaced.map((other) => (
            <Button key={other} onClick={() => goTo(other)}>
              ← {said.timeline.took} <span class="mono">{other}</span>
            </Button>
          ))}
          {span.endedBy !== undefined && (
            <Button onClick={() => goTo(span.endedBy as number)}>
              {said.timeline.endedBy} <span class="mono">{span.endedBy}</span> →
            </Button>
          )}
        </div>
      )}
      <footer>
        <Link class="button" href={`/audit?user_id=${row.user_id}`}>
          {said.timeline.audit}
        </Link>
        {span.isOpen && (
          <Button kind="danger" onClick={() => setEnding(true)}>
            {said.sessions.end}
          </Button>
        )}
      </footer>
      {isEnding && (
        <EndSession
          authentication_session_id={span.id}
          onClose={() => setEnding(false)}
          onDone={() => {
            setEnding(false);
            onEnded();
          }}
        />
      )}
    </aside>
  );
}
