import type { Events } from "@drawbridge/client";
import { effect, untracked } from "@preact/signals";
import * as desk from "../desk/live.ts";
import { unreadCount, waitingCount } from "../desk/state.ts";
import { words } from "../i18n/index.ts";
import { tell } from "../state/notices.ts";
import { client, isStaff } from "../state/session.ts";
import { isAccountOpen } from "./Account.tsx";

/** Keeps the desk live while somebody is logged in, tells of alarms, and counts in the page's title. */
export function watch(): void {
  effect(() => {
    if (!isStaff.value) return;
    const stop = untracked(() => {
      desk.begin();
      return client().chat.on("security_alert", alert);
    });
    return () => {
      stop();
      desk.end();
    };
  });
  effect(() => {
    const count = isStaff.value ? waitingCount.value + unreadCount.value : 0;
    document.title = count > 0 ? `(${count}) ${words.value.shell.name}` : words.value.shell.name;
  });
}

function alert(told: Events["security_alert"]): void {
  const said = words.peek().shell.alert;
  const device = told.device_name ?? [told.browser, told.os].filter(Boolean).join(" · ");
  const place = [told.city, told.country, told.login_ip].filter(Boolean).join(" ");
  const causes = told.causes.map((cause) => said.causes[cause]).filter(Boolean);
  tell({
    kind: "bad",
    title: causes[0] ?? said.title,
    text: said.text(device || said.unknownDevice, place || said.unknownPlace),
    act: {
      label: said.review,
      run: () => {
        isAccountOpen.value = true;
      },
    },
  });
}
