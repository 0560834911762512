import type { ComponentType } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { Route, Router, Switch, useLocation } from "wouter-preact";
import { line } from "./desk/state.ts";
import { words } from "./i18n/index.ts";
import { LogIn } from "./pages/log_in/LogIn.tsx";
import { Account, isAccountOpen } from "./shell/Account.tsx";
import { Help, isHelpOpen } from "./shell/Help.tsx";
import { Notices } from "./shell/Notices.tsx";
import { PAGES } from "./shell/pages.ts";
import { isOpen, Rail } from "./shell/Rail.tsx";
import { begin, isAway, isNoStaff, session } from "./state/session.ts";
import { Button } from "./ui/Button.tsx";
import { useKeys } from "./ui/keys.ts";

const Overview = lazy(() => import("./pages/overview/Overview.tsx"));
const Desk = lazy(() => import("./pages/desk/Desk.tsx"));
const Sessions = lazy(() => import("./pages/sessions/Sessions.tsx"));
const UserTimeline = lazy(() => import("./pages/timeline/UserTimeline.tsx"));
const Users = lazy(() => import("./pages/users/Users.tsx"));
const Listings = lazy(() => import("./pages/listings/Listings.tsx"));
const Audit = lazy(() => import("./pages/audit/Audit.tsx"));
const Debug = lazy(() => import("./pages/debug/Debug.tsx"));

/** Where each page of the rail is, and what stands below it. */
const ROUTES: [string, ComponentType, page: string][] = [
  ["/", Overview, "overview"],
  ["/desk/:customer_service_session_id?", Desk, "desk"],
  ["/sessions", Sessions, "sessions"],
  ["/sessions/users/:user_id", UserTimeline, "sessions"],
  ["/users", Users, "users"],
  ["/listings", Listings, "listings"],
  ["/audit", Audit, "audit"],
  ["/debug", Debug, "debug"],
];

/** What the line's state asks a person to know. */
function Banner() {
  const said = words.value;
  if (isAway.value) {
    return (
      <div class="banner" role="status">
        {said.shell.offline}
        <Button onClick={() => void begin()}>{said.shell.retry}</Button>
      </div>
    );
  }
  if (line.value !== "waiting") return null;
  return (
    <div class="banner" role="status">
      {said.desk.lineLost}
    </div>
  );
}

function Shell() {
  const [, go] = useLocation();
  const said = words.value.shell;
  const open = new Set<string>(PAGES.filter(isOpen).map((page) => page.name));
  useKeys({
    ...Object.fromEntries(
      PAGES.filter(isOpen).map((page) => [`g ${page.key}`, () => go(page.path)]),
    ),
    "?": () => {
      isHelpOpen.value = true;
    },
  });
  useEffect(() => {
    // A notification of the desktop was tapped.
    const told = (event: Event) => go(`/desk/${(event as CustomEvent<number>).detail}`);
    addEventListener("desk-open", told);
    return () => removeEventListener("desk-open", told);
  }, []);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {said.skip}
      </a>
      <Rail />
      <main id="content" class="content" tabIndex={-1}>
        <Banner />
        <Suspense fallback={<p class="empty">{said.loading}</p>}>
          <Switch>
            {ROUTES.map(([path, Page, name]) => (
              <Route key={path} path={path}>
                {open.has(name) ? <Page /> : <p class="empty">{said.notForYou}</p>}
              </Route>
            ))}
            <Route>
              <p class="empty">{said.notFound}</p>
            </Route>
          </Switch>
        </Suspense>
      </main>
      {isAccountOpen.value ? <Account /> : null}
      {isHelpOpen.value ? <Help /> : null}
    </div>
  );
}

/** Nothing is known yet, since nobody answers. */
function Away() {
  const said = words.value.shell;
  return (
    <main class="away">
      <h1>{said.unreachable}</h1>
      <p class="quiet">{said.unreachableText}</p>
      <Button kind="primary" onClick={() => void begin()}>
        {said.retry}
      </Button>
    </main>
  );
}

let wasIn = false;

function Now() {
  const now = session.value;
  if (now.status === "ended" || isNoStaff.value) {
    wasIn = false;
    return <LogIn ended={now.status === "ended" ? now : undefined} />;
  }
  if (now.status === "live") wasIn = true;
  if (wasIn) {
    return (
      <Router base="/console">
        <Shell />
      </Router>
    );
  }
  if (isAway.value) return <Away />;
  return <p class="empty">{words.value.shell.starting}</p>;
}

/** The log-in, or what stands behind it. */
export function App() {
  return (
    <>
      <Now />
      <Notices />
    </>
  );
}
