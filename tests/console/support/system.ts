/** The system that the tests work with: one that a Rust test has brought up, or the one of `cargo xtask dev`. */

import { readFile } from "node:fs/promises";

/** Base URL of the origin, whose pages these are. */
export const ORIGIN = process.env.CONSOLE_URL ?? "http://127.0.0.1:8080";
/** Base URL of the edge. */
export const EDGE = process.env.EDGE_URL ?? "http://127.0.0.1:8787";
/** Where the Rust test listens, which can stop and start the two. */
const CONTROL = process.env.CONTROL_URL;
/** What `cargo xtask dev` says of the system that it runs. */
const STATE = process.env.DEV_STATE ?? new URL("../../../.dev/state.json", import.meta.url);

export interface Account {
  mobile: string;
  password: string;
}

/** People of the demo data; the second agent and admin are there where a Rust test has made them. */
export interface Accounts {
  user: Account;
  agent: Account;
  admin: Account;
  agent2?: Account;
  admin2?: Account;
  /** An access token whose time is over; where a Rust test has made one. */
  expired_token?: string;
}

/** Who can log in. */
export async function readAccounts(): Promise<Accounts> {
  if (CONTROL) return (await fetch(`${CONTROL}/accounts`)).json() as Promise<Accounts>;
  const state = JSON.parse(await readFile(STATE, "utf8")) as { logins: Accounts };
  return state.logins;
}

/** Whether processes can be stopped and started: not those of `cargo xtask dev`. */
export const isOurs = CONTROL !== undefined;

async function control(path: string): Promise<void> {
  if (!CONTROL) throw new Error("only a system that a Rust test has brought up can be stopped");
  const answer = await fetch(`${CONTROL}${path}`, { method: "POST" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Ends the edge as a crash does, and starts it again with all that it had stored. */
export const restartEdge = () => control("/edge/restart");
/** Ends the edge as a crash does. */
export const stopEdge = () => control("/edge/stop");
/** Starts it again, with all that it had stored. */
export const startEdge = () => control("/edge/start");
/** Ends the origin as a crash does. */
export const stopOrigin = () => control("/origin/stop");
/** Starts it again. */
export const startOrigin = () => control("/origin/start");

/** An answer of the API: data where it went well. */
export interface Said {
  status: number;
  data: Record<string, unknown>;
  code?: string;
}

/** A client beside the page: a user in the mini-program, another agent. */
export class Person {
  readonly #base: string;
  readonly #token: string;
  readonly userId: number;

  private constructor(base: string, token: string, userId: number) {
    this.#base = base;
    this.#token = token;
    this.userId = userId;
  }

  /** Logs in through the edge. */
  static async logIn(account: Account, clientType = "mini_program"): Promise<Person> {
    const device_id = `test-${crypto.randomUUID()}`;
    const body = { ...account, client_type: clientType, device_id };
    const said = await call(`${EDGE}/api/v4/auth/login`, "POST", undefined, body);
    if (said.status !== 200) throw new Error(`log-in: ${said.status} ${said.code}`);
    const user = said.data.user as { user_id: number };
    return new Person(EDGE, said.data.access_token as string, user.user_id);
  }

  get(path: string): Promise<Said> {
    return call(`${this.#base}${path}`, "GET", this.#token);
  }

  post(path: string, body: unknown = {}): Promise<Said> {
    return call(`${this.#base}${path}`, "POST", this.#token, body);
  }

  /** Its access token, for a socket of its own. */
  get token(): string {
    return this.#token;
  }
}

async function call(url: string, method: string, token?: string, body?: unknown): Promise<Said> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(url, init);
  const said = (await answer.json()) as { data?: Record<string, unknown>; code?: string };
  return {
    status: answer.status,
    data: said.data ?? {},
    ...(said.code === undefined ? {} : { code: said.code }),
  };
}
