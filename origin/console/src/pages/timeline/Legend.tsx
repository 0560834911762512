import { words } from "../../i18n/index.ts";
import { stateColour } from "../../ui/State.tsx";
import { MarkShape } from "./Marks.tsx";
import type { Note } from "./model/marks.ts";
import type { Span } from "./model/span.ts";

/** What the colours and marks mean: those that there are, no others. */
export function Legend({ spans, notes }: { spans: readonly Span[]; notes: readonly Note[] }) {
  const said = words.value;
  const states = [...new Set(spans.map((span) => span.state))];
  const kinds = [...new Set(notes.map((note) => note.kind))];
  return (
    <ul class="tl-legend" aria-label={said.timeline.legend}>
      {states.map((state) => (
        <li key={state}>
          <span class="swatch" style={{ "--state": stateColour(state) }} />
          {said.sessions.states[state]}
        </li>
      ))}
      {spans.some((span) => span.endedBy !== undefined) && (
        <li>
          <svg width="16" height="12" aria-hidden="true">
            <path d="M2 1v6" stroke="currentColor" stroke-width="1.8" transform="translate(6 0)" />
            <path d="M8 12l-4 -6h8z" fill="currentColor" />
          </svg>
          {said.timeline.legendArrow}
        </li>
      )}
      {kinds.map((kind) => (
        <li key={kind}>
          <svg width="12" height="12" aria-hidden="true">
            <MarkShape kind={kind} x={6} y={6} />
          </svg>
          {said.timeline.marks[kind]}
        </li>
      ))}
    </ul>
  );
}
