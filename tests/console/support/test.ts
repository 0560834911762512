/** `test` with what every test of the console has: people, a way to log in, and a watch over what the page does. */

import { expect, type Page, test as base } from "@playwright/test";
import { EDGE, ORIGIN, readAccounts, type Account, type Accounts } from "./system.ts";

export { expect } from "@playwright/test";

/** What a page did that nobody should see. Each test fails where something is left at its end. */
export class Watch {
  /** Requests to elsewhere than this system. */
  readonly strangers: string[] = [];
  /** What the page complained of. */
  readonly complaints: string[] = [];
  readonly #expected: RegExp[] = [
    // Refusals are answers: the browser notes each of them.
    /^Failed to load resource: the server responded with a status of (401|403|404|409|422|429)/,
  ];

  /** Complaints like this one belong to what the test does. */
  expect(complaint: RegExp): void {
    this.#expected.push(complaint);
  }

  /** Has an eye on a page. */
  over(page: Page): void {
    page.on("request", (request) => this.#asked(request.url()));
    page.on("websocket", (socket) => this.#asked(socket.url()));
    page.on("pageerror", (error) => this.complaints.push(`thrown: ${error.message}`));
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") this.complaints.push(line.text());
    });
  }

  #asked(url: string): void {
    const { protocol, host } = new URL(url);
    if (protocol === "data:" || protocol === "blob:") return;
    const ours = [ORIGIN, EDGE].map((base) => new URL(base).host);
    if (!ours.includes(host)) this.strangers.push(url);
  }

  /** Fails where something was noted. */
  hold(): void {
    expect(this.strangers, "the page asks strangers").toEqual([]);
    const left = this.complaints.filter((text) => !this.#expected.some((one) => one.test(text)));
    expect(left, "the page complains").toEqual([]);
  }
}

interface Fixtures {
  /** Over the test's own page; held at the test's end. */
  watch: Watch;
  /** Logs in by the form of the page, and waits until the shell is there. */
  logIn: (account: Account, page?: Page) => Promise<void>;
  /** Keeps a picture under target/console-screenshots, for people to look at. */
  picture: (name: string, page?: Page) => Promise<void>;
}

export const test = base.extend<Fixtures, { accounts: Accounts }>({
  accounts: [
    // biome-ignore lint/correctness/noEmptyPattern: the first argument of a fixture is a pattern
    async ({}, use) => {
      await use(await readAccounts());
    },
    { scope: "worker" },
  ],
  watch: [
    async ({ page }, use) => {
      const watch = new Watch();
      watch.over(page);
      await use(watch);
      watch.hold();
    },
    { auto: true },
  ],
  logIn: async ({ page }, use) => {
    await use(async (account, other = page) => {
      if (!other.url().includes("/console")) await other.goto("/console/");
      await other.locator("form input").first().fill(account.mobile);
      await other.locator('form input[type="password"]').fill(account.password);
      await other.locator('form input[type="password"]').press("Enter");
      await expect(other.locator(".shell")).toBeVisible();
    });
  },
  picture: async ({ page }, use) => {
    await use(async (name, other = page) => {
      await other.screenshot({ path: `../../target/console-screenshots/${name}.png` });
    });
  },
});
