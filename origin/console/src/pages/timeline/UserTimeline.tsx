import type { Schemas } from "@drawbridge/client";
import { useSignal } from "@preact/signals";
import { ArrowLeft, ChevronLeft, ChevronRight, RotateCw, ZoomIn, ZoomOut } from "lucide-preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Link, useParams, useSearch } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { client } from "../../state/session.ts";
import { Button } from "../../ui/Button.tsx";
import { useKeys } from "../../ui/keys.ts";
import { asApiError, useLoad } from "../../ui/load.ts";
import { ReasonDialog } from "../../ui/ReasonDialog.tsx";
import { fullTime } from "../../ui/time.ts";
import { Banner } from "./Banner.tsx";
import { Legend } from "./Legend.tsx";
import { List } from "./List.tsx";
import { Minimap } from "./Minimap.tsx";
import { type Burst, burstsOf } from "./model/burst.ts";
import { lanesOf, layoutOf } from "./model/lanes.ts";
import { notesOf } from "./model/marks.ts";
import { readStory, type Story } from "./model/read.ts";
import { spansOf } from "./model/span.ts";
import { worst } from "./model/summary.ts";
import { around, clamp, pan, type View, zoom } from "./model/view.ts";
import { bringIn } from "./moves.ts";
import { Panel } from "./Panel.tsx";
import { Plot } from "./Plot.tsx";
import type { Scene } from "./scene.ts";
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

/** A burst with some room about it; the last log-in's bar wants more. */
function viewOf(burst: Burst, limits: View): View {
  const room = Math.max((burst.to - burst.from) * 0.12, 15_000);
  return clamp({ from: burst.from - room * 0.7, to: burst.to + room * 1.3 }, limits);
}

interface PictureProps {
  story: Story;
  at: number;
  isReading: boolean;
  again: () => void;
}

function Picture({ story, at, isReading, again }: PictureProps) {
  const said = words.value.timeline;
  const { spans, bursts, burst, lanes, layout, notes, limits } = useMemo(() => {
    const spans = spansOf(story.sessions, at);
    const bursts = burstsOf(spans);
    const burst = worst(bursts, lanesOf(spans));
    const lanes = lanesOf(spans, burst);
    const first = spans[0]?.from ?? at;
    const last = Math.max(at, ...spans.map((span) => span.to));
    return {
      spans,
      bursts,
      burst,
      lanes,
      layout: layoutOf(lanes),
      notes: notesOf(story.events),
      limits: around(first, last, 0.02, 60_000),
    };
  }, [story, at]);
  const toBurst = useMemo(() => (burst ? viewOf(burst, limits) : limits), [burst, limits]);
  const view = useSignal(toBurst);
  const hovered = useSignal<number>();
  const asked = Number(new URLSearchParams(useSearch()).get("session"));
  const pinned = useSignal<number | undefined>(layout.byId.has(asked) ? asked : undefined);
  // Older pages may bring a denser burst; whoever has moved is left where they are.
  const fitted = useRef(toBurst);
  useEffect(() => {
    if (view.value === fitted.current) view.value = toBurst;
    fitted.current = toBurst;
  }, [toBurst, view]);
  const scene: Scene = { layout, notes, view, limits, now: at, hovered, pinned };
  useEffect(() => {
    if (pinned.peek() !== undefined) bringIn(scene, asked);
    // Once: where the address names a session, the picture opens on it.
  }, []);
  useKeys({
    Escape: () => {
      pinned.value = undefined;
    },
  });
  const isFitted = burst !== undefined && view.value === toBurst;
  return (
    <>
      <Banner scene={scene} lanes={lanes} />
      <div class="tl-tools">
        {isFitted && <span class="quiet">{said.fitted}</span>}
        {bursts.length > 1 && (
          <select
            class="input tl-bursts"
            aria-label={said.bursts}
            value=""
            onChange={(event) => {
              const wanted = bursts[Number(event.currentTarget.value)];
              if (wanted) view.value = wanted === burst ? toBurst : viewOf(wanted, limits);
              event.currentTarget.value = "";
            }}
          >
            <option value="">{said.bursts}</option>
            {bursts.map((one, index) => (
              <option key={one.from} value={index}>
                {said.oneBurst(fullTime(one.from), one.count)}
              </option>
            ))}
          </select>
        )}
        <span class="tl-buttons">
          {burst && (
            <Button
              aria-pressed={isFitted}
              onClick={() => {
                view.value = toBurst;
              }}
            >
              {said.burst}
            </Button>
          )}
          <Button
            aria-pressed={view.value === limits}
            onClick={() => {
              view.value = limits;
            }}
          >
            {said.all}
          </Button>
          <Button
            label={said.earlier}
            onClick={() => {
              view.value = pan(view.value, -0.4, limits);
            }}
          >
            <ChevronLeft size={16} aria-hidden="true" />
          </Button>
          <Button
            label={said.later}
            onClick={() => {
              view.value = pan(view.value, 0.4, limits);
            }}
          >
            <ChevronRight size={16} aria-hidden="true" />
          </Button>
          <Button
            label={said.zoomOut}
            onClick={() => {
              view.value = zoom(view.value, 2, 0.5, limits);
            }}
          >
            <ZoomOut size={16} aria-hidden="true" />
          </Button>
          <Button
            label={said.zoomIn}
            onClick={() => {
              view.value = zoom(view.value, 0.5, 0.5, limits);
            }}
          >
            <ZoomIn size={16} aria-hidden="true" />
          </Button>
        </span>
      </div>
      <div class={pinned.value === undefined ? "tl-stage" : "tl-stage with-panel"}>
        <div class="panel tl-box">
          <Plot scene={scene} />
          <Minimap scene={scene} burst={burst} />
          <Legend spans={spans} notes={notes} />
        </div>
        <Panel scene={scene} onEnded={again} />
      </div>
      <p id="tl-help" class="quiet tl-help">
        {said.help}
      </p>
      {isReading && story.hasMore && <p class="quiet">{said.reading(spans.length)}</p>}
      {!isReading && story.hasMore && <p class="notice">{said.cut(spans.length)}</p>}
      <List scene={scene} spans={spans} />
    </>
  );
}
