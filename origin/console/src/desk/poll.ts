import { readNewer, refreshOpen } from "./lists.ts";
import * as state from "./state.ts";
import { readNewest } from "./threads.ts";

/** How often an open conversation of somebody else is looked at, in milliseconds. */
const LOOK = 5_000;
/** How many looks later the list of all open ones is. */
const LISTS = 3;

/**
 * What sockets do not tell: the conversations of other agents, which only admins see. They are asked for
 * while they are in front of somebody.
 */
export function poll(): () => void {
  let turn = 0;
  const timer = setInterval(() => {
    if (document.hidden || state.line.peek() !== "open") return;
    turn += 1;
    const id = state.opened.peek();
    const row = id === undefined ? undefined : state.rows.peek().get(id);
    const isOthers =
      row && row.status !== "waiting" && row.status !== "closed" && !state.isMine(row);
    if (id !== undefined && isOthers) {
      readNewest(id).catch(() => undefined);
      readNewer(id);
    }
    if (turn % LISTS === 0 && state.tab.peek() === "active") refreshOpen();
  }, LOOK);
  return () => clearInterval(timer);
}
