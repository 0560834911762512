/** The log-in: what it says of a wrong one, of the end of a session, and that it never happens by itself. */

import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

const WHO = 'input[autocomplete="username"]';
const PASSWORD = 'input[autocomplete="current-password"]';
const SUBMIT = 'form button[type="submit"]';

test("a wrong password is said at its field, and the right one lets in", async ({ page, accounts, logIn, picture }) => {
  await page.goto("/console/");
  await page.locator(WHO).fill(accounts.agent.mobile);
  await page.locator(PASSWORD).fill("not-the-password");
  await page.locator(SUBMIT).click();
  await expect(page.locator("#wrong-password")).toHaveText("账号或密码不正确");
  await expect(page.locator(PASSWORD)).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator(PASSWORD)).toBeFocused();
  await picture("log-in-wrong");
  await holdAccessible(page);
  await logIn(accounts.agent);
});

test("what is left out is asked for at its field, and nothing is sent", async ({ page }) => {
  let sent = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/auth/login")) sent += 1;
  });
  await page.goto("/console/");
  await page.locator(SUBMIT).click();
  await expect(page.locator("#wrong-who")).toBeVisible();
  await expect(page.locator(WHO)).toBeFocused();
  await page.locator(WHO).fill("13800000000");
  await page.locator(SUBMIT).click();
  await expect(page.locator("#wrong-password")).toBeVisible();
  expect(sent).toBe(0);
});

test("who is replaced by another log-in is told at once, and not logged in again by itself", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  await logIn(accounts.agent);
  let logIns = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/auth/login")) logIns += 1;
  });
  const other = await Person.logIn(accounts.agent, "web");
  const why = page.locator('.why[data-reason="SESSION_REPLACED"]');
  await expect(why).toContainText("账号已在别处登录");
  await expect(page.locator(WHO)).toHaveCount(0);
  await picture("log-in-replaced");
  await holdAccessibleInBoth(page);
  // Not after the page is opened anew, either.
  await page.reload();
  await expect(why).toBeVisible();
  await expect(page.locator(WHO)).toHaveCount(0);
  await page.getByRole("button", { name: "在此设备重新登录" }).click();
  await expect(page.locator(WHO)).toBeFocused();
  expect(logIns).toBe(0);
  expect((await other.get("/api/v4/auth/verify")).status).toBe(200);
});

test("each way that a session ends has words, a picture and a colour of its own", async ({ page, picture }) => {
  const reasons: Record<string, "form" | "tap"> = {
    SESSION_EXPIRED: "form",
    SESSION_IDLE: "form",
    SESSION_REPLACED: "tap",
    SESSION_DEACTIVATED: "tap",
    SESSION_REVOKED: "tap",
    SESSION_LOGGED_OUT: "form",
    PASSWORD_CHANGED: "tap",
    REUSE_DETECTED: "form",
    USER_INACTIVE: "tap",
  };
  let code = "";
  await page.route("**/api/v4/auth/refresh", (route) =>
    route.fulfill({
      status: code === "USER_INACTIVE" ? 403 : 401,
      json: { success: false, code, message: "?", request_id: "r", server_time: new Date().toISOString() },
    }),
  );
  const titles = new Set<string>();
  const colours = new Set<string>();
  for (const [each, begins] of Object.entries(reasons)) {
    code = each;
    await page.goto("/console/");
    const why = page.locator(`.why[data-reason="${each}"]`);
    await expect(why).toBeVisible();
    titles.add(await why.locator("h2").innerText());
    colours.add(await why.evaluate((one) => getComputedStyle(one).borderLeftColor));
    await expect(page.locator(WHO)).toHaveCount(begins === "form" ? 1 : 0);
    await picture(`log-in-${each.toLowerCase()}`);
    await holdAccessible(page);
  }
  expect(titles.size).toBe(9);
  expect(colours.size).toBe(9);
});

test("a user who is not of the staff is told so, and logged out", async ({ page, accounts, context, picture }) => {
  await page.goto("/console/");
  await page.locator(WHO).fill(accounts.user.mobile);
  await page.locator(PASSWORD).fill(accounts.user.password);
  const out = page.waitForResponse((answer) => answer.url().endsWith("/auth/logout"));
  await page.locator(SUBMIT).click();
  await expect(page.locator('.why[data-reason="NO_STAFF"]')).toBeVisible();
  expect((await out).status()).toBe(200);
  expect((await context.cookies()).filter((one) => one.name.includes("refresh"))).toEqual([]);
  await picture("log-in-no-staff");
});

test("who is to wait sees the seconds go by, and can then try again", async ({ page, accounts }) => {
  await page.route("**/api/v4/auth/login", (route) =>
    route.fulfill({
      status: 429,
      headers: { "retry-after": "2", "access-control-expose-headers": "retry-after" },
      json: { success: false, code: "RATE_LIMITED", message: "?", request_id: "r", server_time: new Date().toISOString() },
    }),
  );
  await page.goto("/console/");
  await page.locator(WHO).fill(accounts.agent.mobile);
  await page.locator(PASSWORD).fill("whatever it is");
  await page.locator(SUBMIT).click();
  await expect(page.getByRole("timer")).toContainText("秒后重试");
  await expect(page.locator(SUBMIT)).toBeDisabled();
  await expect(page.locator(SUBMIT)).toBeEnabled();
});

test("whoever is logged in sees their log-ins, and gets out of all of them at once", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  const elsewhere = await Person.logIn(accounts.agent, "app");
  await logIn(accounts.agent);
  await page.locator(".rail .who").click();
  const dialog = page.getByRole("dialog");
  for (const what of ["网页", "应用"]) {
    await expect(dialog.locator(".log-ins li", { hasText: what })).toHaveCount(1);
  }
  await picture("account");
  await holdAccessible(page);
  await dialog.getByRole("button", { name: "退出所有设备" }).click();
  await expect(page.locator(WHO)).toBeVisible();
  expect((await elsewhere.get("/api/v4/auth/verify")).status).toBe(401);
});

test("keys lead from page to page, and ? tells them", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.admin);
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await expect(page).toHaveURL(/\/console\/listings$/);
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/\/console\/desk$/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("键盘快捷键");
  await picture("keys");
  await holdAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.locator(".rail").getByRole("button", { name: "English" }).click();
  await expect(page.locator(".rail")).toContainText("Listings");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("a service that does not answer says nothing of the session: it is tried again", async ({ page, watch }) => {
  watch.expect(/net::ERR_FAILED/);
  await page.route("**/api/v4/auth/refresh", (route) => route.abort());
  await page.goto("/console/");
  await expect(page.getByRole("heading", { name: "连不上服务" })).toBeVisible();
  await expect(page.locator(WHO)).toHaveCount(0);
  await holdAccessible(page);
  await page.unroute("**/api/v4/auth/refresh");
  await page.getByRole("button", { name: "重试" }).click();
  await expect(page.locator(WHO)).toBeVisible();
});

test("a log-in on another device is told of, with the way to one's own log-ins", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  await logIn(accounts.agent);
  // The line is open once the desk says so.
  await page.goto("/console/desk");
  await expect(page.locator("[data-waiting]")).toBeVisible();
  await Person.logIn(accounts.agent, "app");
  const told = page.locator(".told.bad");
  await expect(told).toBeVisible();
  await picture("security-alert");
  await holdAccessible(page);
  await told.getByRole("button", { name: "查看登录" }).click();
  const app = page.getByRole("dialog").locator(".log-ins li", { hasText: "应用" });
  await app.getByRole("button", { name: "移除" }).click();
  await expect(app).toHaveCount(0);
});
