import { signal } from "@preact/signals";

/** Now, in milliseconds, to the second. What reads it is drawn anew each second: only what ticks should. */
export const tick = signal(Date.now());

setInterval(() => {
  if (!document.hidden) tick.value = Date.now();
}, 1_000);
