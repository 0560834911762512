import { words } from "../../i18n/index.ts";

/** To be written. */
export default function Sessions() {
  return <h1 class="page-head">{words.value.shell.pages.sessions}</h1>;
}
