import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { language, locale, words } from "../../i18n/index.ts";
import { theme } from "../../ui/theme.ts";
import type { Values } from "./series.ts";

/** A series of a chart. */
export interface Series {
  name: string;
  values: Values;
  /** Name of a token of colour. */
  colour: string;
  kind: "bars" | "thin bars" | "line";
  /** On the right, in milliseconds. */
  isDelay?: boolean;
}

interface Props {
  title: string;
  /** For those who do not see it. */
  summary: string;
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly Series[];
}

const HEIGHT = 180;

/** A token's colour as it is in this theme. */
function colourOf(place: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  place.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function faint(colour: string, part: number): string {
  return `color-mix(in srgb, ${colour} ${part * 100}%, transparent)`;
}

/** Half a step more at both ends, where the first bar and the last have their other halves. */
function withEnds(times: ArrayLike<number>, first: number, last: number): [number, number] {
  const half = ((times[1] ?? 0) - (times[0] ?? 0)) / 2;
  return [first - half, last + half];
}

function pathOf(kind: Series["kind"]): Pick<uPlot.Series, "paths"> {
  if (kind === "line") return {};
  const paths = uPlot.paths.bars?.({ size: kind === "bars" ? [0.75, 60] : [0.4, 30] });
  return paths ? { paths } : {};
}

function optionsOf(place: HTMLElement, props: Props): uPlot.Options {
  const line = colourOf(place, "--line");
  const text = colourOf(place, "--text-3");
  const font = '11.5px system-ui, -apple-system, "PingFang SC", sans-serif';
  const time = (style: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale.value, style);
    return (at: number) => format.format(at * 1_000);
  };
  const clock = time({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const hasDelay = props.series.some((one) => one.isDelay);
  const grid = { stroke: faint(line, 0.8), width: 1 };
  const axis = { stroke: text, font, grid, ticks: { show: false } };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    cursor: { sync: { key: "overview" }, points: { size: 6 }, y: false },
    legend: { live: true },
    scales: {
      x: { range: ({ data: [times] }, first, last) => withEnds(times, first, last) },
      y: { range: (_, __, most) => [0, Math.max(most ?? 0, 4) * 1.1] },
      ...(hasDelay && { ms: { range: (_, __, most) => [0, Math.max(most ?? 0, 50) * 1.1] } }),
    },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: (_, at) => at.map(clock), space: 70 },
      {
        ...axis,
        size: 44,
        space: 28,
        values: (_, at) => at.map((n) => n.toLocaleString(locale.value)),
      },
      ...(hasDelay
        ? [
            {
              ...axis,
              scale: "ms",
              side: 1 as const,
              size: 58,
              space: 28,
              grid: { show: false },
              values: (_: uPlot, at: number[]) => at.map((n) => `${n} ms`),
            },
          ]
        : []),
    ],
    series: [
      { label: words.value.overview.time, value: (_, at) => (at === null ? "–" : clock(at)) },
      ...props.series.map((one): uPlot.Series => {
        const colour = colourOf(place, one.colour);
        return {
          label: one.name,
          scale: one.isDelay ? "ms" : "y",
          stroke: colour,
          width: one.kind === "line" ? 1.75 : 0,
          ...(one.isDelay ? {} : { fill: faint(colour, one.kind === "line" ? 0.14 : 0.75) }),
          points: { show: false },
          value: (_, value) =>
            value === null
              ? "–"
              : `${value.toLocaleString(locale.value)}${one.isDelay ? " ms" : ""}`,
          ...pathOf(one.kind),
        };
      }),
    ],
  };
}

function dataOf({ times, series }: Props): uPlot.AlignedData {
  return [[...times], ...series.map((one) => [...one.values])];
}

/** Numbers over time, drawn. */
export function Chart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();
  const newest = useRef(props);
  newest.current = props;
  const [colours, said] = [theme.value, language.value];
  useEffect(() => {
    const here = place.current;
    if (!here) return;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(here, newest.current), dataOf(newest.current), here);
    };
    draw();
    const size = new ResizeObserver(() => {
      if (here.clientWidth > 0) chart.current?.setSize({ width: here.clientWidth, height: HEIGHT });
    });
    size.observe(here);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      dark.removeEventListener("change", draw);
      size.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [colours, said]);
  useEffect(() => {
    chart.current?.setData(dataOf(props));
  }, [props.times, props.series]);
  return (
    <figure class="panel chart">
      <figcaption>
        <h2>{props.title}</h2>
        <p class="unseen">{props.summary}</p>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}
