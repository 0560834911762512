import { words } from "../../i18n/index.ts";
import { duration } from "../../ui/time.ts";
import { laneName } from "./Labels.tsx";
import type { Lane } from "./model/lanes.ts";
import { type Summary, summaryOf } from "./model/summary.ts";
import type { Scene } from "./scene.ts";

/** What is seen, in a sentence. */
function sentence(summary: Summary): string {
  const said = words.value.timeline;
  if (summary.logIns === 0) return said.summaryNone;
  if (summary.logIns === 1) return said.summaryOne;
  return said.summary(summary.logIns, duration(summary.span / 1_000));
}

/** Sums up the log-ins of the view: how many, how fast, who threw whom out. */
export function Banner({ scene, lanes }: { scene: Scene; lanes: readonly Lane[] }) {
  const said = words.value.timeline;
  const { from, to } = scene.view.value;
  const summary = summaryOf(lanes, from, to);
  const isWar = summary.feud !== undefined && summary.replaced >= 3;
  const { feud } = summary;
  return (
    <div
      class={isWar ? "tl-banner war" : "tl-banner"}
      role="status"
      data-log-ins={summary.logIns}
      data-replaced={summary.replaced}
      data-devices={summary.devices}
    >
      <strong>
        {sentence(summary)}
        {summary.replaced > 0 && `${said.comma}${said.replaced(summary.replaced, summary.devices)}`}
        {summary.replaced === 0 &&
          summary.devices > 0 &&
          `${said.comma}${said.devices(summary.devices)}`}
      </strong>
      <span>
        {[
          feud && said.feud(laneName(feud.one), laneName(feud.other), feud.count),
          summary.live > 0 && said.live(summary.live),
          summary.risk > 0 && said.topRisk(summary.risk),
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </div>
  );
}
