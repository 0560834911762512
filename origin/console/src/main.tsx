import { render } from "preact";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/kit.css";
import "./shell/shell.css";
import "./pages/log_in/log_in.css";
import { App } from "./app.tsx";
import { watch } from "./shell/watch.ts";
import { begin } from "./state/session.ts";

const place = document.getElementById("app");
if (place) {
  render(<App />, place);
  watch();
  void begin();
}
