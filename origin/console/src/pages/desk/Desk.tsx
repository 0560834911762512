import { words } from "../../i18n/index.ts";

/** To be written. */
export default function Desk() {
  return <h1 class="page-head">{words.value.shell.pages.desk}</h1>;
}
