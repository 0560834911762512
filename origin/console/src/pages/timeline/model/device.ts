/** What is known of the device of a session. */
export interface DeviceFacts {
  browser: string | null;
  browser_version: string | null;
  os: string | null;
  os_version: string | null;
  device_name: string | null;
  user_agent: string | null;
}

const BROWSERS: [RegExp, string][] = [
  [/MicroMessenger\/([\d.]+)/, "WeChat"],
  [/Edg\/([\d.]+)/, "Edge"],
  [/Firefox\/([\d.]+)/, "Firefox"],
  [/Chrome\/([\d.]+)/, "Chrome"],
  [/Version\/([\d.]+).* Safari\//, "Safari"],
];

const SYSTEMS: [RegExp, string][] = [
  [/iPhone OS ([\d_]+)/, "iOS"],
  [/Android ([\d.]+)/, "Android"],
  [/Windows NT [\d.]+()/, "Windows"],
  [/Mac OS X ([\d_]+)/, "macOS"],
  [/Linux()/, "Linux"],
];

/** The version's first two numbers, where the second says something: `8.0.47` is `8.0`, `121.0.0.0` is `121`. */
function short(version: string): string {
  const [major, minor] = version.replaceAll("_", ".").split(".");
  if (!major) return "";
  return minor && !(minor === "0" && Number(major) > 50) ? ` ${major}.${minor}` : ` ${major}`;
}

function first(table: [RegExp, string][], agent: string): string | undefined {
  for (const [pattern, name] of table) {
    const found = pattern.exec(agent);
    if (found) return name + short(found[1] ?? "");
  }
  return undefined;
}

/** A device in a few words: `WeChat 8.0 · iOS 17.3`. Nothing where nothing is known. */
export function deviceWords(facts: DeviceFacts): string {
  const agent = facts.user_agent ?? "";
  const browser = facts.browser
    ? facts.browser + short(facts.browser_version ?? "")
    : first(BROWSERS, agent);
  const system = facts.os ? facts.os + short(facts.os_version ?? "") : first(SYSTEMS, agent);
  const words = [facts.device_name, browser, system].filter(Boolean);
  return words.length > 0 ? words.join(" · ") : agent.slice(0, 60);
}

/** The network of an address, by which a device that sends no id is told from others: IPv4 /24, IPv6 /48. */
export function networkOf(ip: string | null): string {
  if (!ip) return "";
  const cut = ip.includes(":") ? ip.split(":").slice(0, 3) : ip.split(".").slice(0, 3);
  return cut.join(ip.includes(":") ? ":" : ".");
}
