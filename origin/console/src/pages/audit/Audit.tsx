import { words } from "../../i18n/index.ts";

/** To be written. */
export default function Audit() {
  return <h1 class="page-head">{words.value.shell.pages.audit}</h1>;
}
