/** The audit log: what happened, read by people, and as it happens. */

import { holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

test("what happened is found by user and event, and leads to the session", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  const person = await Person.logIn(accounts.user);
  await logIn(accounts.admin);
  await page.goto("/console/audit");
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await picture("audit");
  await holdAccessibleInBoth(page);
  await page.locator('[name="user_id"]').fill(String(person.userId));
  await page.locator('[name="user_id"]').press("Enter");
  await page.locator('[name="event"]').selectOption("logged_in");
  const first = page.locator("tbody tr").first();
  await expect(first).toContainText("登录");
  await expect(first).toContainText("mini_program");
  await expect(page.locator("tbody")).not.toContainText("刷新令牌");
  // Nothing of it is hidden.
  await first.getByRole("button", { name: "完整记录" }).click();
  await expect(first.locator("pre")).toContainText('"request_id"');
  const session = await first.locator("td").nth(3).innerText();
  await first.locator("td").nth(3).getByRole("link").click();
  await expect(page.locator(".tl-panel h2")).toContainText(session.trim());
});

test("live, it shows what happens while one looks", async ({ page, accounts, logIn }) => {
  await logIn(accounts.admin);
  await page.goto("/console/audit?user_id=31&event=logged_in");
  const first = page.locator("tbody tr").first();
  await expect(first).toBeVisible();
  const before = await first.getAttribute("data-key");
  await page.getByRole("button", { name: "实时刷新" }).click();
  await Person.logIn(accounts.user);
  await expect(first).not.toHaveAttribute("data-key", before ?? "");
});
