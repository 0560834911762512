import { Client, localStore, type SessionState } from "@drawbridge/client";
import { signal } from "@preact/signals";
import { language } from "../i18n/index.ts";
import { type Config, readConfig } from "./config.ts";

/** What the origin says of itself; nothing until it has. */
export const config = signal<Config | undefined>(undefined);
/** Whether somebody is logged in, or why not. */
export const session = signal<SessionState>({ status: "starting" });

let made: Client | undefined;

/** The client of this page. There is one from the moment that [`config`] is known. */
export function client(): Client {
  if (!made) throw new Error("the page has not begun");
  return made;
}

/** Finds out where everything is, and whether this browser is still logged in. It never logs in by itself. */
export async function begin(): Promise<void> {
  let told: Config;
  try {
    told = await readConfig();
  } catch {
    setTimeout(begin, 3_000);
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
  made.subscribe((state) => {
    session.value = state;
  });
  config.value = told;
  await made.start();
}
