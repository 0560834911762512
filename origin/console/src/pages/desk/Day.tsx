import { dayName } from "../../ui/time.ts";

/** The line between two days. */
export function Day({ at }: { at: number }) {
  return (
    <div class="day">
      <span>{dayName(at)}</span>
    </div>
  );
}
