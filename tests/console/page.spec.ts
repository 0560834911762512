/** The page itself: what it is allowed, whom it asks, and that a log-in lasts. */

import { expect, test } from "./support/test.ts";
import { EDGE, ORIGIN } from "./support/system.ts";

test("the page loads, may do little, and asks nobody but the system", async ({ page, picture }) => {
  const answer = await page.goto("/console/");
  expect(answer?.status()).toBe(200);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).not.toContain("unsafe-eval");
  await expect(page.locator('form input[type="password"]')).toBeVisible();
  await page.waitForLoadState("networkidle");
  await picture("log-in");
});

test("a log-in lasts over a reload by its cookie, which no script sees", async ({
  page,
  context,
  accounts,
  logIn,
}) => {
  await logIn(accounts.admin);
  const cookies = await context.cookies();
  const cookie = cookies.find((one) => one.name === "__Host-refresh_token");
  expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
  expect(await page.evaluate(() => document.cookie)).toBe("");
  // No token that opens anything is kept where a script could read it later.
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(kept).not.toMatch(/access|refresh/i);
  await page.reload();
  await expect(page.locator(".shell")).toBeVisible();
});

test("at localhost it is as good as at the address", async ({ browser, accounts, logIn }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${ORIGIN.replace("127.0.0.1", "localhost")}/console/`);
  await logIn(accounts.agent, page);
  await page.reload();
  await expect(page.locator(".shell")).toBeVisible();
  await context.close();
});

test("a place within the page can be asked for, and a file that is gone is gone", async ({ request }) => {
  const place = await request.get("/console/sessions/users/31");
  expect(place.status()).toBe(200);
  expect(place.headers()["content-type"]).toContain("text/html");
  expect((await request.get("/console/assets/gone.js")).status()).toBe(404);
  const told = await (await request.get("/console/config.json")).json();
  expect(told).toMatchObject({ socket_url: EDGE });
});
