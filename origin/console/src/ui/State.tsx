import type { Schemas } from "@drawbridge/client";
import { words } from "../i18n/index.ts";

/** The colour of a session's state, as a token's name. */
export function stateColour(state: Schemas["State"]): string {
  return `var(--reason-${state.toLowerCase().replaceAll("_", "-")})`;
}

/** A session's state in its colour. */
export function State({ state }: { state: Schemas["State"] }) {
  return (
    <span class="tag state" data-state={state} style={{ "--state": stateColour(state) }}>
      <span class="dot" />
      {words.value.sessions.states[state]}
    </span>
  );
}

/** How grave a risk is: four steps. */
export function riskStep(score: number): "none" | "low" | "mid" | "high" {
  if (score <= 0) return "none";
  if (score < 35) return "low";
  return score < 70 ? "mid" : "high";
}

/** A risk of 0 to 100, and why. */
export function Risk({ score, causes }: { score: number; causes: readonly Schemas["Cause"][] }) {
  const said = words.value.sessions;
  if (score <= 0) return <span class="quiet">0</span>;
  return (
    <span class="risk" data-step={riskStep(score)}>
      <b>{score}</b> {causes.map((cause) => said.causes[cause]).join(", ")}
    </span>
  );
}
