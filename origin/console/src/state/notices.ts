import { signal } from "@preact/signals";

/** Something that a person is told in passing. */
export interface Notice {
  key: number;
  kind: "good" | "bad" | "warn";
  title: string;
  text?: string | undefined;
  /** What can be done about it. */
  act?: { label: string; run: () => void } | undefined;
}

/** How long a notice stands that asks nothing, in milliseconds. */
const STANDS = 5_000;

/** What is being told. */
export const notices = signal<readonly Notice[]>([]);

let keys = 0;

/** Tells something; what can be acted on, and what went wrong with the account, stays until it is put away. */
export function tell(notice: Omit<Notice, "key">): void {
  keys += 1;
  const key = keys;
  notices.value = [...notices.value.slice(-3), { ...notice, key }];
  if (!notice.act) setTimeout(() => dismiss(key), STANDS);
}

/** Puts a notice away. */
export function dismiss(key: number): void {
  notices.value = notices.value.filter((one) => one.key !== key);
}
