import { CircleCheck, ShieldAlert, TriangleAlert, X } from "lucide-preact";
import { words } from "../i18n/index.ts";
import { dismiss, notices } from "../state/notices.ts";
import { isStaff } from "../state/session.ts";
import { Button } from "../ui/Button.tsx";

const ICONS = { good: CircleCheck, bad: ShieldAlert, warn: TriangleAlert };

/** What is told in passing, in a corner. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ key, kind, title, text, act }) => {
        const Icon = ICONS[kind];
        return (
          <div key={key} class={`panel told ${kind}`}>
            <Icon size={18} aria-hidden="true" />
            <div class="words">
              <strong>{title}</strong>
              {text ? <span class="quiet">{text}</span> : null}
              {act && isStaff.value ? (
                <Button
                  onClick={() => {
                    dismiss(key);
                    act.run();
                  }}
                >
                  {act.label}
                </Button>
              ) : null}
            </div>
            <Button kind="plain" label={words.value.shell.dismiss} onClick={() => dismiss(key)}>
              <X size={16} aria-hidden="true" />
            </Button>
          </div>
        );
      })}
    </div>
  );
}
