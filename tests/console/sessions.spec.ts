/** All sessions: what one looks for is found, and can be ended. */

import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";
import { openWire, sessionOf } from "./support/wire.ts";

test("filters find what the service finds, stand in the address, and a row leads to its user", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  const admin = await Person.logIn(accounts.admin);
  await logIn(accounts.admin);
  await page.goto("/console/sessions");
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await picture("sessions");
  await holdAccessibleInBoth(page);
  await page.locator('[name="user_id"]').fill("31");
  await page.locator('[name="user_id"]').press("Enter");
  await page.locator('[name="state"]').selectOption("REPLACED");
  await page.locator('[name="client_type"]').selectOption("web");
  await page.locator('[name="login_ip"]').fill("127.0.0.1");
  await page.locator('[name="login_ip"]').press("Enter");
  await page.locator('[name="to"]').fill("2026-02-18T01:42");
  await page.locator('[name="to"]').press("Enter");
  const query = "user_id=31&state=REPLACED&client_type=web&login_ip=127.0.0.1&to=2026-02-17T17:42:00Z";
  const told = await admin.get(`/api/v4/console/auth/sessions?${query}&limit=50`);
  const wanted = (told.data.sessions as { authentication_session_id: number }[]).map((one) =>
    String(one.authentication_session_id),
  );
  expect(wanted).toContain("7031");
  expect(wanted).not.toContain("7033");
  await expect
    .poll(() => page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-key"))))
    .toEqual(wanted);
  await page.reload();
  await expect(page.locator('[name="state"]')).toHaveValue("REPLACED");
  await expect(page.locator("tbody tr")).toHaveCount(wanted.length);
  // By keys: down to the second, and open.
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/console\/sessions\/users\/31$/);
});

test("pages come by cursor, each row once", async ({ page, accounts, logIn }) => {
  await logIn(accounts.admin);
  await page.goto("/console/sessions?user_id=31");
  await expect(page.locator("tbody tr")).toHaveCount(50);
  await page.getByRole("button", { name: "加载更多" }).click();
  await expect.poll(() => page.locator("tbody tr").count()).toBeGreaterThan(62);
  const keys = await page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-key")));
  expect(new Set(keys).size).toBe(keys.length);
});

test("a session is ended from the list", async ({ page, accounts, logIn }) => {
  const person = await Person.logIn(accounts.user);
  const wire = await openWire(person);
  const id = await sessionOf(person);
  await logIn(accounts.admin);
  await page.goto(`/console/sessions?user_id=${person.userId}&state=live`);
  const row = page.locator(`tr[data-key="${id}"]`);
  await row.getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("可疑登录");
  await holdAccessible(page);
  await dialog.getByRole("button", { name: "终止此会话" }).click();
  expect(await wire.closed).toMatchObject({ code: 4413 });
  await expect(row).toHaveCount(0);
});

test("on a phone nothing is wider than it", async ({ page, accounts, logIn, picture }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await logIn(accounts.admin);
  for (const path of ["", "sessions", "sessions/users/31", "users", "audit", "debug"]) {
    await page.goto(`/console/${path}`);
    await expect(page.locator("h1")).toBeVisible();
    await page.waitForLoadState("networkidle");
    const wide = await page.locator(".content").evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(wide, path).toBeLessThanOrEqual(0);
    await picture(`phone-${path.replaceAll("/", "-") || "overview"}`);
  }
});
