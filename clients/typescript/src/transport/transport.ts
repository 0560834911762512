/** A call, as every platform can make it. */
export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** JSON. */
  body?: string | undefined;
  /** Whether cookies go with it: a browser's refresh token is one. */
  credentials: boolean;
  /** Milliseconds after which it counts as unanswered. */
  timeout: number;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  status: number;
  /** By lower-case name; those that the platform lets be seen. */
  headers: Record<string, string>;
  /** The body's JSON; `undefined` where it is none. */
  body: unknown;
}

/** A socket. The three are set before anything can happen; after `closed` nothing more does. */
export interface Wire {
  opened?: () => void;
  /** A text frame. */
  heard?: (text: string) => void;
  /** The end, by whomever: the close code, 1006 where nobody gave one. */
  closed?: (code: number) => void;
  send(text: string): void;
  close(): void;
}

/** How a platform talks to the server. */
export interface Transport {
  /** Rejects where there was no answer. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Opens a socket, with an access token; in a language, where the platform lets it be said. */
  open(url: string, token: string, language?: string): Wire;
  /** Calls `listener` when there may be a network again. */
  woken?(listener: () => void): () => void;
}
