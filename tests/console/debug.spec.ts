/** The page to look into tokens and sockets: it names the first thing that is wrong, and keeps nothing. */

import type { Page } from "@playwright/test";
import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { EDGE, Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

async function inspect(page: Page, token: string): Promise<void> {
  await page.locator('[name="token"]').fill(token);
  await page.getByRole("button", { name: "检查" }).click();
  await expect(page.locator(".verdict")).toBeVisible();
}

/** The first failing check and its code, as the page shows them large. */
async function verdict(page: Page): Promise<[string | null, string | null]> {
  const place = page.locator(".verdict");
  return [await place.getAttribute("data-check"), await place.getAttribute("data-code")];
}

/** The same token with another claim, signed by nobody. */
function tampered(token: string): string {
  const [head, claims, signature] = token.split(".");
  const said = JSON.parse(Buffer.from(claims ?? "", "base64url").toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...said, role: "admin" })).toString("base64url");
  return [head, changed, signature].join(".");
}

/** Logs in, and lets a refresh token be used again after its successor was: theft. */
async function replayed(account: { mobile: string; password: string }): Promise<string> {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${EDGE}/api/v4/auth/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { data?: Record<string, string>; code?: string };
  };
  const device_id = `test-${crypto.randomUUID()}`;
  const first = await post("login", { ...account, client_type: "mini_program", device_id });
  const second = await post("refresh", { refresh_token: first.data?.refresh_token });
  const third = await post("refresh", { refresh_token: second.data?.refresh_token });
  const again = await post("refresh", { refresh_token: first.data?.refresh_token });
  expect(again.code).toBe("REUSE_DETECTED");
  return third.data?.access_token ?? "";
}

test("the first failing check is named: good, tampered, expired, replayed, no token at all", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  const person = await Person.logIn(accounts.agent);
  const stolen = await replayed(accounts.user);
  await logIn(accounts.admin);
  await page.goto("/console/debug");
  await inspect(page, `Bearer ${person.token}`);
  await expect(page.locator(".verdict.good")).toBeVisible();
  await expect(page.locator(".checks .good[data-check]")).toHaveCount(14);
  await expect(page.locator(".parts")).toContainText(String(person.userId));
  await inspect(page, tampered(person.token));
  expect(await verdict(page)).toEqual(["signature", "TOKEN_INVALID"]);
  // Its claims are shown all the same, and were judged by nobody.
  await expect(page.locator(".parts")).toContainText("admin");
  await picture("debug-tampered");
  await inspect(page, stolen);
  expect(await verdict(page)).toEqual(["session", "REUSE_DETECTED"]);
  await inspect(page, "no token");
  expect(await verdict(page)).toEqual(["form", "TOKEN_MALFORMED"]);
  await inspect(page, accounts.expired_token ?? "");
  expect(await verdict(page)).toEqual(["exp", "TOKEN_EXPIRED"]);
  await holdAccessibleInBoth(page);
});

test("a token is kept nowhere, and gone when one leaves", async ({ page, accounts, logIn }) => {
  const person = await Person.logIn(accounts.agent);
  await logIn(accounts.admin);
  await page.goto("/console/debug");
  const asked: string[] = [];
  page.on("request", (request) => {
    const said = `${request.url()} ${request.postData() ?? ""} ${JSON.stringify(request.headers())}`;
    if (said.includes(person.token)) asked.push(request.url());
  });
  await inspect(page, person.token);
  expect(asked.map((url) => new URL(url).pathname)).toEqual(["/api/v4/console/auth/token/inspect"]);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(kept).not.toContain(person.token);
  await page.getByRole("link", { name: "审计" }).click();
  await expect(page).toHaveURL(/audit$/);
  await page.goBack();
  await expect(page.locator('[name="token"]')).toHaveValue("");
});

for (const kind of ["raw", "socket_io"]) {
  test(`a test socket shows what goes over it in both directions: ${kind}`, async ({
    page,
    accounts,
    logIn,
    picture,
  }) => {
    const person = await Person.logIn(accounts.agent);
    await logIn(accounts.admin);
    await page.goto("/console/debug");
    await page.locator('[name="token"]').fill(person.token);
    await page.locator('[name="kind"]').selectOption(kind);
    await page.getByRole("button", { name: "连接", exact: true }).click();
    const frames = page.locator(".frames");
    await expect(frames).toContainText("connection_established");
    const send = async (frame: string) => {
      await page.locator('[name="frame"]').fill(frame);
      await page.getByRole("button", { name: "发送" }).click();
    };
    const customer_service_session_id = 999_999_999;
    await send(JSON.stringify({ event: "typing", data: { customer_service_session_id, is_typing: true }, ack: 7 }));
    // An answer to the ack: there is no such conversation.
    await expect(frames.locator('[data-way="out"]').last()).toContainText("typing");
    await expect(frames.locator('[data-way="in"]').last()).toContainText("NOT_FOUND");
    if (kind === "raw") {
      await page.getByRole("checkbox").check();
      await send("ping");
      await expect(frames.locator('[data-way="in"]').last()).toContainText("pong");
    }
    expect(await frames.innerText()).not.toContain(person.token);
    await picture(`debug-socket-${kind}`);
    await holdAccessible(page);
    // The end of its session is seen as any client sees it.
    await person.post("/api/v4/auth/logout");
    await expect(frames).toContainText("session_invalidated");
    await expect(frames).toContainText("SESSION_LOGGED_OUT");
    await expect(frames.locator('[data-way="note"]').last()).toContainText("close");
  });
}

test("the configuration says what it is, and that its parts reach each other", async ({ page, accounts, logIn, picture }) => {
  const admin = await Person.logIn(accounts.admin);
  const { data } = await admin.get("/api/v4/console/configuration");
  await logIn(accounts.admin);
  await page.goto("/console/debug");
  const place = page.getByRole("region", { name: "配置" });
  await expect(place.locator(".verdicts .good")).toHaveCount(5);
  await expect(place.locator(".verdicts .bad")).toHaveCount(0);
  for (const origin of data.allowed_origins as string[]) await expect(place).toContainText(origin);
  for (const key of data.keys as { kid: string }[]) await expect(place).toContainText(key.kid);
  await place.scrollIntoViewIfNeeded();
  await picture("debug-configuration");
});
