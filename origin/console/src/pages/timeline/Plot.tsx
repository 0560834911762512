import { useRef, useState } from "preact/hooks";
import { words } from "../../i18n/index.ts";
import { Arrows } from "./Arrows.tsx";
import { Axis, GridLines } from "./Axis.tsx";
import { Bars } from "./Bars.tsx";
import { Card } from "./Card.tsx";
import { useGestures } from "./gestures.ts";
import { Labels } from "./Labels.tsx";
import { Marks } from "./Marks.tsx";
import { arrowsOf } from "./model/arrows.ts";
import { marksOf } from "./model/marks.ts";
import { type Shape, shapesOfRows } from "./model/shapes.ts";
import type { Span } from "./model/span.ts";
import { ticksOf } from "./model/ticks.ts";
import { around, clamp, pan, xOf, zoom } from "./model/view.ts";
import { useMoves } from "./moves.ts";
import { type Measures, measure, type Scene } from "./scene.ts";
import { useSize } from "./size.ts";
import "./plot.css";

/** Rows are drawn this many beyond the edges, so that scrolling does not show holes. */
const BEYOND = 3;
/** No higher, in pixels: more rows are scrolled. */
const HIGHEST = 520;
/** Narrower, the labels stand above the bars, in pixels. */
const NARROW = 620;

/** The picture: lanes, bars, arrows and marks of a stretch of time. */
export function Plot({ scene }: { scene: Scene }) {
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLElement>(null);
  const size = useSize(frame);
  const [scrolled, setScrolled] = useState(0);
  const said = words.value.timeline;
  const isNarrow = size.width < NARROW;
  const left = isNarrow ? 0 : 232;
  const { layout, limits, view } = scene;
  const rowCount = layout.rows.length;
  const heights = measure(rowCount, isNarrow);
  const height = Math.min(rowCount * heights.rowHeight, HIGHEST);
  const first = Math.max(Math.floor(scrolled / heights.rowHeight) - BEYOND, 0);
  const last = Math.min(Math.ceil((scrolled + height) / heights.rowHeight) + BEYOND, rowCount);
  const measures: Measures = {
    ...heights,
    width: Math.max(size.width - left, 1),
    rows: [first, last],
  };
  const { wasDragged } = useGestures(scroller, left, {
    onZoom: (factor, at) => {
      view.value = zoom(view.value, factor, at, limits);
    },
    onPan: (part) => {
      view.value = pan(view.value, part, limits);
    },
    onScroll: (pixels) => scroller.current?.scrollBy(0, pixels),
  });
  const pick = (span: Span) => {
    if (!wasDragged()) scene.pinned.value = scene.pinned.value === span.id ? undefined : span.id;
  };
  const closer = (shape: Shape) => {
    const [one, other] = [shape.spans[0], shape.spans.at(-1)];
    if (one && other && !wasDragged()) {
      view.value = clamp(around(one.from, other.to, 0.2), limits);
    }
  };
  const keys = useMoves(scene, scroller, measures);
  const seen = view.value;
  const ticks = ticksOf(seen, measures.width, isNarrow ? 74 : 96);
  const shapes = shapesOfRows(layout.rows.slice(first, last), seen, measures.width);
  const { arrows, hidden } = arrowsOf(layout, seen, measures.width, [first, last - 1]);
  const marks = marksOf(scene.notes, layout, seen, measures.width);
  const tabStop =
    scene.pinned.value ?? shapes.flat().find((one) => one.spans.length === 1)?.spans[0]?.id;
  const nowAt = xOf(scene.now, seen, measures.width);
  return (
    <div ref={frame} class="tl-frame">
      <Axis ticks={ticks} view={seen} width={measures.width} left={left} marks={marks} />
      <section
        ref={scroller}
        class="tl-scroll"
        style={{ height: `${height}px` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the picture is moved by keys
        tabIndex={0}
        aria-label={said.plot(rowCount, layout.byId.size)}
        aria-describedby="tl-help"
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
        onKeyDown={keys}
      >
        <div class="tl-rows" style={{ height: `${rowCount * heights.rowHeight}px` }}>
          <Labels {...{ layout, measures, left, isNarrow }} />
          {size.width > 0 && (
            <svg
              class="tl-svg"
              style={{ left: `${left}px`, top: `${first * heights.rowHeight}px` }}
              width={measures.width}
              height={(last - first) * heights.rowHeight}
              data-shapes={shapes.reduce((sum, row) => sum + row.length, 0)}
              data-arrows={arrows.length}
              role="presentation"
            >
              <GridLines
                {...{ ticks, measures, view: seen }}
                count={last - first}
                starts={layout.rows.slice(first, last).map((row) => row.line === 0)}
              />
              {nowAt >= 0 && nowAt <= measures.width && (
                <line class="tl-now" x1={nowAt} x2={nowAt} y1={0} y2="100%" />
              )}
              <Bars {...{ scene, measures, shapes, tabStop }} onPick={pick} onCrowd={closer} />
              <Arrows {...{ scene, measures, arrows }} />
              <Marks marks={marks} measures={measures} />
            </svg>
          )}
        </div>
      </section>
      <Card {...{ scene, measures, left }} top={32 - scrolled} />
      {hidden > 0 && <p class="tl-more quiet">{said.hiddenArrows(hidden)}</p>}
    </div>
  );
}
