/** A member of an event's detail, for people. */
export interface Fact {
  name: string;
  value: string;
}

/** How long a value may be in a row, in characters. */
const LONGEST = 80;

function inShort(value: unknown): string {
  if (Array.isArray(value)) return value.map(inShort).join(", ");
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** What a detail says, without what says nothing: names and short values, in their order. */
export function factsOf(detail: unknown): Fact[] {
  if (detail === null || detail === undefined || detail === "") return [];
  if (typeof detail !== "object" || Array.isArray(detail)) {
    return [{ name: "", value: inShort(detail) }];
  }
  return Object.entries(detail)
    .filter(([, value]) => {
      if (value === null || value === "") return false;
      return !(Array.isArray(value) && value.length === 0);
    })
    .map(([name, value]) => ({ name, value: inShort(value) }));
}

const BAD =
  /^(login_failed|login_blocked|login_refused|password_change_failed|device_claim_refused)$/;
const GRAVE = /^(security_alert|user_|sessions_deactivated|listing_admin)/;

/** How an event is coloured: trouble, what an admin should see, or nothing. */
export function toneOf(event: string): "bad" | "warn" | "" {
  if (BAD.test(event)) return "bad";
  return GRAVE.test(event) ? "warn" : "";
}
