import { locale } from "../../i18n/index.ts";

/** The line between two days. */
export function Day({ at }: { at: number }) {
  const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
  const said = new Intl.DateTimeFormat(locale.value, {
    month: "long",
    day: "numeric",
    weekday: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
  }).format(at);
  return (
    <div class="day">
      <span>{said}</span>
    </div>
  );
}
