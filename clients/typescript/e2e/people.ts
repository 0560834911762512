import { randomInt } from "node:crypto";
import { connect } from "node:net";
import { type Client, type GetSaid, memoryStore } from "../src/index.ts";
import { type Device, KINDS, opened, setting } from "./kinds.ts";

/** How long something may take on a busy machine. */
const PATIENCE = 120_000;
const PASSWORD = "correct horse battery";

/** Someone with an account. */
export interface Person {
  user_id: number;
  credentials: { mobile: string; password: string };
}

/** Someone new, who is logged in nowhere but on the device that made the account. */
export async function enrolled(nickname: string): Promise<Person> {
  const credentials = { mobile: `+86199${randomInt(1e7, 1e8)}`, password: PASSWORD };
  const { user } = await opened({ clientType: "app" }, spare()).post("/api/v4/auth/register", {
    body: { ...credentials, email: null, nickname, client_type: "app" },
  });
  return { user_id: user.user_id, credentials };
}

/** One of the demo's people: `AGENT` or `ADMIN`. */
export function known(name: string): { mobile: string; password: string } {
  const [mobile = "", password = ""] = setting(name).split(" ");
  return { mobile, password };
}

function spare(): Device {
  const device = KINDS[1]?.device();
  if (device === undefined) throw new Error("there is a second kind");
  return { ...device, store: memoryStore() };
}

type Audited = NonNullable<
  NonNullable<NonNullable<GetSaid<"/api/v4/console/auth/audit">[0]>["query"]>["event"]
>;

let admin: Promise<Client> | undefined;

/** How often something of someone is on record. */
export async function recorded(event: Audited, user_id: number): Promise<number> {
  admin ??= (async () => {
    const client = opened({ clientType: "app" }, spare());
    await client.logIn(known("ADMIN"));
    return client;
  })();
  const { pagination } = await (await admin).get("/api/v4/console/auth/audit", {
    query: { event, user_id, limit: 1 },
  });
  return pagination.total;
}

/** Waits until something is so. */
export async function until(is: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Cuts or mends the way at `PROXY_URL`. */
export function network(order: "cut" | "mend"): Promise<void> {
  return new Promise((done, fail) => {
    const control = connect(Number(setting("CONTROL_PORT")), "127.0.0.1");
    control.on("error", fail);
    control.on("data", () => {
      control.end();
      done();
    });
    control.write(`${order}\n`);
  });
}
