import { useSignal } from "@preact/signals";
import { ChevronLeft, ChevronRight, ZoomIn, ZoomOut } from "lucide-preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useSearch } from "wouter-preact";
import { words } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { useKeys } from "../../ui/keys.ts";
import { fullTime } from "../../ui/time.ts";
import { Banner } from "./Banner.tsx";
import { Legend } from "./Legend.tsx";
import { List } from "./List.tsx";
import { Minimap } from "./Minimap.tsx";
import { type Burst, burstsOf } from "./model/burst.ts";
import { lanesOf } from "./model/lanes.ts";
import { notesOf } from "./model/marks.ts";
import type { Story } from "./model/read.ts";
import { spansOf } from "./model/span.ts";
import { worst } from "./model/summary.ts";
import { around, clamp, pan, type View, zoom } from "./model/view.ts";
import { bringIn } from "./moves.ts";
import { Panel } from "./Panel.tsx";
import { Plot } from "./Plot.tsx";
import type { Scene } from "./scene.ts";
import { useShown } from "./shown.ts";

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

/** A story as a picture, with what moves it, and as a list. */
export function Picture({ story, at, isReading, again }: PictureProps) {
  const said = words.value.timeline;
  const { spans, bursts, burst, all, lanes, notes, limits } = useMemo(() => {
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
      all: new Map(spans.map((span) => [span.id, span])),
      notes: notesOf(story.events),
      limits: around(first, last, 0.02, 60_000),
    };
  }, [story, at]);
  const toBurst = useMemo(() => (burst ? viewOf(burst, limits) : limits), [burst, limits]);
  const view = useSignal(toBurst);
  const hovered = useSignal<number>();
  const asked = Number(new URLSearchParams(useSearch()).get("session"));
  const pinned = useSignal<number | undefined>(all.has(asked) ? asked : undefined);
  // Older pages may bring a denser burst; whoever has moved is left where they are.
  const fitted = useRef(toBurst);
  useEffect(() => {
    if (view.value === fitted.current) view.value = toBurst;
    fitted.current = toBurst;
  }, [toBurst, view]);
  const shown = useShown(lanes, view);
  const scene: Scene = { layout: shown.layout, all, notes, view, limits, now: at, hovered, pinned };
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
          {(shown.folded > 0 || shown.isAll) && (
            <button
              type="button"
              class="tl-fold"
              aria-pressed={shown.isAll}
              onClick={() => shown.setAll(!shown.isAll)}
            >
              {shown.isAll ? said.fold : said.folded(shown.folded)}
            </button>
          )}
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
