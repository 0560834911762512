import { Keyboard, UserRound } from "lucide-preact";
import { Link, useLocation } from "wouter-preact";
import { unreadCount, waitingCount } from "../desk/state.ts";
import { words } from "../i18n/index.ts";
import { own } from "../state/own.ts";
import { config, session } from "../state/session.ts";
import { Button } from "../ui/Button.tsx";
import { isAccountOpen } from "./Account.tsx";
import { isHelpOpen } from "./Help.tsx";
import { Looks } from "./Looks.tsx";
import { PAGES, type Page } from "./pages.ts";

/** Whether the person may see a page, and it is switched on. */
export function isOpen(page: Page): boolean {
  const now = session.value;
  if (page.admin && !(now.status === "live" && now.role === "admin")) return false;
  return page.name !== "debug" || config.value?.debug === true;
}

function isHere(page: Page, location: string): boolean {
  return page.path === "/" ? location === "/" : location.startsWith(page.path);
}

/** The way from page to page. */
export function Rail() {
  const [location] = useLocation();
  const said = words.value.shell;
  const counts: Partial<Record<Page["name"], number>> = {
    desk: waitingCount.value + unreadCount.value,
  };
  const user = own.value;
  return (
    <nav class="rail" aria-label={said.name}>
      <div class="brand">
        <img src="/console/bridge.svg" alt="" />
        Drawbridge
      </div>
      {PAGES.filter(isOpen).map((page) => (
        <Link
          key={page.name}
          href={page.path}
          class="page"
          title={said.pages[page.name]}
          aria-current={isHere(page, location) ? "page" : undefined}
        >
          <page.icon size={17} aria-hidden="true" />
          <span>{said.pages[page.name]}</span>
          {counts[page.name] ? <span class="count">{counts[page.name]}</span> : null}
        </Link>
      ))}
      <div class="foot">
        <button
          type="button"
          class="page who"
          onClick={() => {
            isAccountOpen.value = true;
          }}
        >
          <UserRound size={17} aria-hidden="true" />
          <span>{user?.nickname ?? said.account}</span>
        </button>
        <div class="looks">
          <Looks />
          <Button
            kind="plain"
            label={said.keys}
            onClick={() => {
              isHelpOpen.value = true;
            }}
          >
            <Keyboard size={17} aria-hidden="true" />
          </Button>
        </div>
      </div>
    </nav>
  );
}
