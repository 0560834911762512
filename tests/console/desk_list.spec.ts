/** The desk's list: what is found, what an admin sees of others, keys, and the bell. */

import { holdAccessible } from "./support/axe.ts";
import { Customer } from "./support/customer.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

const DESK = "/api/v4/console/customer-service/sessions";

test("a conversation is found by name, mobile number and key", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("找得到吗");
  const row = page.locator(`[data-conversation="${user.conversation}"]`);
  await expect(row).toBeVisible();
  const name = await row.locator("strong").innerText();
  await page.keyboard.press("/");
  const field = page.getByRole("searchbox");
  await expect(field).toBeFocused();
  for (const text of [name, accounts.user.mobile.slice(0, 7), String(user.conversation)]) {
    await field.fill(text);
    await expect(page.locator(".rows.below")).toBeVisible();
    await expect(row).toBeVisible();
    await expect(page.getByRole("tab")).toHaveCount(0);
  }
  await picture("desk-search");
  await holdAccessible(page);
  await field.fill("nobody is called this");
  await expect(page.locator(".conversations .empty")).toHaveText("没有找到匹配的会话");
  await field.press("Escape");
  await expect(page.getByRole("tab").first()).toBeVisible();
  await user.close();
});

test("an admin sees what goes on between another agent and a user", async ({ page, accounts, logIn }) => {
  const user = await Customer.begin(accounts.user);
  await user.write("你好");
  const agent = await Person.logIn(accounts.agent, "web");
  expect((await agent.post(`${DESK}/${user.conversation}/accept`)).status).toBe(200);
  await logIn(accounts.admin);
  await page.goto("/console/desk");
  await page.getByRole("tab", { name: "进行中" }).click();
  await page.locator(`[data-conversation="${user.conversation}"]`).click();
  await expect(page.locator(".composer .notice")).toContainText("以管理员身份");
  const sent = await agent.post(`${DESK}/${user.conversation}/send`, { content: "我在处理了" });
  expect(sent.status).toBeLessThan(300);
  await expect(page.locator(".bubble", { hasText: "我在处理了" })).toBeVisible();
  await user.close();
});

test("keys lead through the list, and the bell is off until it is tapped", async ({ page, accounts, logIn }) => {
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("键盘");
  await expect(page.locator(`[data-conversation="${user.conversation}"]`)).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator(".row.marked")).toHaveCount(1);
  const first = await page.locator(".row.marked").getAttribute("data-conversation");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/desk/${first}$`));
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/desk$/);
  const bell = page.locator(".pane.list header button");
  await expect(bell).toHaveAttribute("aria-pressed", "false");
  await bell.click();
  await expect(bell).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expect(bell).toHaveAttribute("aria-pressed", "true");
  await bell.click();
  await user.close();
});
