/** What the origin says of itself to its own page. */
export interface Config {
  /** Base URL of the edge, where sockets are opened. */
  socket_url: string;
  version: string;
  /** Whether the page to look into tokens and sockets is switched on. */
  debug: boolean;
}

const NO_EDGE: Config = { socket_url: location.origin, version: "", debug: false };

/** Asks the origin; what cannot be read leaves the page's own origin. */
export async function readConfig(): Promise<Config> {
  const answer = await fetch("/console/config.json", { credentials: "omit" });
  const told: unknown = answer.ok ? await answer.json() : {};
  return { ...NO_EDGE, ...(told as Partial<Config>) };
}
