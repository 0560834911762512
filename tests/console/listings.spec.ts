/** The listings: counts that filter, every column, and the withdrawal by force. */

import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

test("the counts are those of the table, and choose", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.admin);
  await page.goto("/console/listings");
  await expect(page.locator(".legend [data-status] strong").first()).toHaveText(/\d/);
  const counts = await page.locator(".legend [data-status] strong").allInnerTexts();
  const sum = counts.reduce((all, count) => all + Number(count.replaceAll(",", "")), 0);
  await expect(page.locator("[data-total]")).toHaveAttribute("data-total", String(sum));
  await picture("listings");
  await holdAccessibleInBoth(page);
  await page.locator('.legend [data-status="withdrawn"]').click();
  await expect(page).toHaveURL(/status=withdrawn/);
  await expect(page.locator("[data-total]")).toHaveAttribute("data-total", counts[3]?.replaceAll(",", "") ?? "");
  // What is chosen is in the address: it can be handed on.
  await page.reload();
  await expect(page.locator('.legend [aria-pressed="true"]')).toHaveAttribute("data-status", "withdrawn");
  // The rest comes as one scrolls, and the page holds few of them.
  const list = page.locator(".listing-rows");
  await expect
    .poll(async () => {
      await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      return Number(await list.locator("li").last().getAttribute("aria-posinset"));
    })
    .toBe(Number(counts[3]?.replaceAll(",", "")));
  expect(await list.locator("li").count()).toBeLessThan(60);
});

test("filters narrow the list, and what is not there is said", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.admin);
  await page.goto("/console/listings?seller_user_id=31");
  await expect(page.locator("[data-total]")).toHaveAttribute("data-total", "265");
  await page.getByRole("combobox").first().selectOption("fungible_asset");
  await expect(page).toHaveURL(/listing_kind=fungible_asset/);
  await page.getByRole("button", { name: "更多筛选" }).click();
  await page.locator("#filter-min_price").fill("999999999");
  await expect(page.locator(".listing-list .empty")).toBeVisible();
  await picture("listings-nothing");
  await holdAccessible(page);
  await page.getByRole("button", { name: "清除筛选" }).click();
  await expect(page).toHaveURL(/\/listings$/);
});

test("a listing is withdrawn with a reason; one that was sold meanwhile is not, in words", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  await logIn(accounts.admin);
  await page.goto("/console/listings?status=on_sale");
  const first = page.locator("[data-listing]").first();
  const id = await first.getAttribute("data-listing");
  await first.click();
  const detail = page.locator(".detail");
  // Every column of the row.
  await expect(detail.locator(".fact")).toHaveCount(19);
  await picture("listings-detail");
  await holdAccessible(page);
  await detail.getByRole("button", { name: "强制撤回" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.locator('button[type="submit"]');
  await expect(confirm).toBeDisabled();
  await dialog.getByRole("checkbox").check();
  await expect(confirm).toBeDisabled();
  await dialog.locator("textarea").fill("违规内容");
  await picture("listings-withdraw");
  await holdAccessible(page);
  await confirm.click();
  await expect(page.locator(".notices")).toContainText(`挂单 ${id} 已撤回`);
  await expect(detail.locator(".state")).toHaveText("管理员撤回");
  await expect(detail.getByRole("button", { name: "强制撤回" })).toBeDisabled();

  // The seller is faster.
  await page.goto("/console/listings?status=on_sale&seller_user_id=31");
  const second = page.locator("[data-listing]").first();
  const other = await second.getAttribute("data-listing");
  await second.click();
  await detail.getByRole("button", { name: "强制撤回" }).click();
  await dialog.getByRole("checkbox").check();
  await dialog.locator("textarea").fill("违规内容");
  const seller = await Person.logIn(accounts.user);
  const said = await seller.post(`/api/v4/market/listings/${other}/withdraw`);
  expect(said.status).toBe(200);
  await confirm.click();
  await expect(dialog.getByRole("alert")).toContainText("不能撤回：此挂单现在是“已撤回”");
  // And what stands beside it is what it is now.
  await expect(detail.locator(".fact", { hasText: "状态颜色" })).toContainText("gray");
  await picture("listings-conflict");
});

test("an agent may not see listings, and is told so", async ({ page, accounts, logIn }) => {
  await logIn(accounts.agent);
  await page.goto("/console/listings");
  await expect(page.locator(".content")).toContainText("此页面仅供管理员使用");
});

test("on a phone", async ({ page, accounts, logIn, picture }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await logIn(accounts.admin);
  await page.goto("/console/listings");
  await expect(page.locator("[data-listing]").first()).toBeVisible();
  await picture("listings-phone");
  await holdAccessible(page);
  await page.locator("[data-listing]").first().click();
  await expect(page.locator(".detail")).toBeVisible();
  await picture("listings-phone-detail");
  await holdAccessible(page);
});
