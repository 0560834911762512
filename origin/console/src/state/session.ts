import { Client, localStore, type SessionState } from "@drawbridge/client";
import { signal } from "@preact/signals";
import { language } from "../i18n/index.ts";
import { type Config, readConfig } from "./config.ts";

/** Pauses between tries to reach the service, in milliseconds. */
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/** What the origin says of itself; nothing until it has. */
export const config = signal<Config | undefined>(undefined);
/** Whether somebody is logged in, or why not. */
export const session = signal<SessionState>({ status: "starting" });
/** Somebody logged in who is not of the staff. */
export const isNoStaff = signal(false);
/** The service does not answer. */
export const isAway = signal(false);

/** Whether an agent or admin is logged in, as far as is known: what stands behind the log-in may be shown. */
export const isStaff = signal(false);

let made: Client | undefined;
let pause = FIRST_PAUSE;
let timer: ReturnType<typeof setTimeout> | undefined;

/** The client of this page. There is one from the moment that [`config`] is known. */
export function client(): Client {
  if (!made) throw new Error("the page has not begun");
  return made;
}

/** Finds out where everything is, and whether this browser is still logged in. It never logs in by itself. */
export async function begin(): Promise<void> {
  clearTimeout(timer);
  if (made) {
    if (session.value.status === "offline" || session.value.status === "starting") {
      await made.start();
    }
    return;
  }
  let told: Config;
  try {
    told = await readConfig();
  } catch {
    isAway.value = true;
    again();
    return;
  }
  made = new Client({
    url: location.origin,
    socketUrl: told.socket_url,
    clientType: "web",
    // Holds the device's name and the token that proves it: no access token comes here.
    store: localStore("drawbridge."),
    language: () => (language.value === "zh" ? "zh-CN" : "en"),
  });
  made.subscribe(take);
  config.value = told;
  await made.start();
}

function take(state: SessionState): void {
  session.value = state;
  isAway.value = state.status === "offline";
  if (state.status === "offline") again();
  else if (state.status !== "starting") pause = FIRST_PAUSE;
  if (state.status === "ended") isStaff.value = false;
  if (state.status !== "live") return;
  isStaff.value = state.role !== "user";
  isNoStaff.value = state.role === "user";
  if (isNoStaff.value)
    void client()
      .logOut()
      .catch(() => undefined);
}

/** Comes back after a pause that grows. */
function again(): void {
  clearTimeout(timer);
  timer = setTimeout(begin, pause * (0.5 + Math.random()));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

addEventListener("online", () => void begin());
