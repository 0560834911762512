import { presence } from "../../desk/state.ts";
import { words } from "../../i18n/index.ts";
import { shortTime } from "../../ui/time.ts";

/** Colours that names have, so that people are told apart at a glance. */
const COLOURS = 6;

function colourOf(key: number): number {
  return Math.abs(key) % COLOURS;
}

/** Whether a user is there, in words. */
export function presenceText(user_id: number): string {
  const said = words.value.desk;
  const known = presence.value.get(user_id);
  if (!known) return "";
  return known.is_online ? said.online : said.offline(shortTime(known.last_seen));
}

/** A user's first letter, with a dot where it is known whether they are there. */
export function Avatar({ user_id, name }: { user_id: number; name: string }) {
  const known = presence.value.get(user_id);
  const state = known ? (known.is_online ? "online" : "offline") : undefined;
  return (
    <span class={`avatar colour-${colourOf(user_id)}`} aria-hidden="true">
      {[...name][0]?.toUpperCase() ?? "?"}
      {state ? <span class={`presence ${state}`} title={presenceText(user_id)} /> : null}
    </span>
  );
}
