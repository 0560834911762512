import { accept, type Outcome } from "../../desk/acts.ts";
import { look } from "../../desk/live.ts";
import { readNewest } from "../../desk/threads.ts";
import { words } from "../../i18n/index.ts";
import { tell } from "../../state/notices.ts";

/** Says of an act that did not go through what became of it. */
export function tellOutcome(outcome: Outcome): void {
  const said = words.peek().desk;
  if (outcome.is === "taken") {
    const title = outcome.by
      ? outcome.status === "closed"
        ? said.over
        : said.taken(outcome.by)
      : outcome.status === "closed"
        ? said.over
        : said.cannot;
    tell({ kind: "warn", title });
  }
  if (outcome.is === "failed") tell({ kind: "bad", title: said.failed(outcome.message) });
}

/** Takes a conversation and opens it; who was too slow is told who has it. */
export async function acceptIt(id: number, go: (path: string) => void): Promise<void> {
  const outcome = await accept(id);
  tellOutcome(outcome);
  if (outcome.is !== "done") return;
  go(`/desk/${id}`);
  void readNewest(id).then(look, () => undefined);
  // The composer can be written in once the page has taken the change.
  setTimeout(() => document.getElementById("composer")?.focus(), 50);
}
