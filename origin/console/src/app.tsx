import type { ComponentType } from "preact";
import { lazy, Suspense } from "preact/compat";
import { Route, Router, Switch, useLocation } from "wouter-preact";
import { words } from "./i18n/index.ts";
import { LogIn } from "./pages/log_in/LogIn.tsx";
import { PAGES } from "./shell/pages.ts";
import { isOpen, Rail } from "./shell/Rail.tsx";
import { session } from "./state/session.ts";
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

function Shell() {
  const [, go] = useLocation();
  const said = words.value.shell;
  const open = new Set<string>(PAGES.filter(isOpen).map((page) => page.name));
  useKeys(
    Object.fromEntries(PAGES.filter(isOpen).map((page) => [`g ${page.key}`, () => go(page.path)])),
  );
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {said.skip}
      </a>
      <Rail counts={{}} />
      <main id="content" class="content" tabIndex={-1}>
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
    </div>
  );
}

/** The log-in, or what stands behind it. */
export function App() {
  const now = session.value;
  if (now.status === "starting") return <p class="empty">{words.value.shell.starting}</p>;
  if (now.status === "ended") return <LogIn ended={now} />;
  return (
    <Router base="/console">
      <Shell />
    </Router>
  );
}
