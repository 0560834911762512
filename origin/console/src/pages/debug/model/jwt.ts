/** A token's two readable parts. */
export interface Decoded {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

function part(text: string): Record<string, unknown> | undefined {
  try {
    const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const plain = new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(bytes, (one) => one.charCodeAt(0)),
    );
    const value: unknown = JSON.parse(plain);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a JWT without judging it; nothing where it is none. It is sent nowhere. */
export function decode(token: string): Decoded | undefined {
  const parts = token.trim().split(".");
  if (parts.length !== 3) return undefined;
  const [header, claims] = [part(parts[0] ?? ""), part(parts[1] ?? "")];
  return header && claims ? { header, claims } : undefined;
}

/** Claims that are moments, in seconds since 1970. */
export const MOMENTS: ReadonlySet<string> = new Set(["iat", "exp", "nbf"]);

/** What was pasted, without what comes with it: `Bearer`, quotes, line ends. */
export function bare(pasted: string): string {
  return pasted
    .trim()
    .replace(/^authorization:\s*/i, "")
    .replace(/^bearer\s+/i, "")
    .replace(/^["']|["']$/g, "")
    .replace(/\s+/g, "");
}
