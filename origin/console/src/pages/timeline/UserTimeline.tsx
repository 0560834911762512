import type { Schemas } from "@drawbridge/client";
import { ArrowLeft, RotateCw } from "lucide-preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Link, useParams } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { asApiError, useLoad } from "../../ui/load.ts";
import { ReasonDialog } from "../../ui/ReasonDialog.tsx";
import { readStory, type Story } from "./model/read.ts";
import { Picture } from "./Picture.tsx";
import "./timeline.css";

interface Reading {
  story: Story | undefined;
  /** When it was read: what lives has lived until then. */
  at: number;
  isReading: boolean;
  failed: string | undefined;
  again: () => void;
}

/** Reads a user's story, page by page; each is shown as it comes. */
function useStory(user_id: number): Reading {
  const [state, setState] = useState<Omit<Reading, "again">>({
    story: undefined,
    at: Date.now(),
    isReading: true,
    failed: undefined,
  });
  const turn = useRef(0);
  const again = useCallback(() => {
    turn.current += 1;
    const mine = turn.current;
    const isMine = () => turn.current === mine;
    const at = Date.now() + (client().skew ?? 0);
    setState((before) => ({ ...before, isReading: true, failed: undefined }));
    const ask = (to: string | undefined) => {
      if (!isMine()) throw new Error("another is read by now");
      return client().get("/api/v4/console/auth/users/{user_id}/timeline", {
        params: { user_id },
        query: to === undefined ? {} : { to },
      });
    };
    readStory(ask, (story) => {
      if (isMine()) setState((before) => ({ ...before, story, at }));
    }).then(
      () => isMine() && setState((before) => ({ ...before, isReading: false })),
      (error) =>
        isMine() &&
        setState((before) => ({ ...before, isReading: false, failed: asApiError(error).message })),
    );
  }, [user_id]);
  useEffect(() => {
    setState((before) => ({ ...before, story: undefined }));
    again();
    return () => {
      turn.current += 1;
    };
  }, [again]);
  return { ...state, again };
}

/** The sessions of one user in time: who ended whom. */
export default function UserTimeline() {
  const user_id = Number(useParams().user_id);
  const said = words.value;
  const reading = useStory(user_id);
  const user = useLoad(
    () => client().get("/api/v4/console/users/{user_id}", { params: { user_id } }),
    [user_id],
  );
  const name = user.data?.nickname || said.timeline.user(user_id);
  const [isEndingAll, setEndingAll] = useState(false);
  const hasLive = reading.story?.sessions.some((one) => one.state === "live") ?? false;
  return (
    <div class="tl-page">
      <header class="page-head">
        <Link class="button plain icon" href="/sessions" aria-label={said.timeline.back}>
          <ArrowLeft size={17} aria-hidden="true" />
        </Link>
        <h1>{said.timeline.title(name)}</h1>
        {user.data && <Who user={user.data} />}
        <div class="tl-actions">
          <Button
            kind="plain"
            label={said.timeline.refresh}
            onClick={reading.again}
            disabled={reading.isReading}
          >
            <RotateCw size={16} aria-hidden="true" />
          </Button>
          <Button kind="danger" disabled={!hasLive} onClick={() => setEndingAll(true)}>
            {said.sessions.endAll}
          </Button>
        </div>
      </header>
      <div class="page-body">
        {reading.failed !== undefined && (
          <p class="notice bad" role="alert">
            {said.shell.failed(reading.failed)}{" "}
            <Button onClick={reading.again}>{said.shell.retry}</Button>
          </p>
        )}
        {reading.story && reading.story.sessions.length > 0 && (
          <Picture
            story={reading.story}
            at={reading.at}
            isReading={reading.isReading}
            again={reading.again}
          />
        )}
        {reading.story?.sessions.length === 0 && <p class="empty">{said.timeline.nobody}</p>}
        {!reading.story && reading.isReading && <p class="empty">{said.shell.loading}</p>}
      </div>
      {isEndingAll && (
        <ReasonDialog
          title={said.sessions.endAllTitle(name)}
          hint={said.sessions.endHint}
          action={said.sessions.endAll}
          placeholder={said.sessions.reasonHint}
          onClose={() => setEndingAll(false)}
          onConfirm={async (reason) => {
            await client().post("/api/v4/console/auth/users/{user_id}/deactivate-sessions", {
              params: { user_id },
              body: { reason },
            });
            setEndingAll(false);
            reading.again();
          }}
        />
      )}
    </div>
  );
}

function Who({ user }: { user: Schemas["PublicUser"] }) {
  const facts = [`#${user.user_id}`, user.mobile ?? user.email, user.role].filter(Boolean);
  return (
    <span class="quiet mono">
      {facts.join(" · ")}
      {user.status !== "active" && <span class="tag bad">{user.status}</span>}
    </span>
  );
}
