import { render } from "preact";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/kit.css";
import "./shell/shell.css";
import { App } from "./app.tsx";
import { begin } from "./state/session.ts";

const place = document.getElementById("app");
if (place) {
  render(<App />, place);
  void begin();
}
