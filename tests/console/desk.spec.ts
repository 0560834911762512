/** The desk: a real user writes by the edge, and an agent takes it from there. */

import type { Page } from "@playwright/test";
import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Customer } from "./support/customer.ts";
import { Person, startEdge, startOrigin, stopEdge, stopOrigin } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

/** Of the line that a test cuts. */
const LINE_LOST = /WebSocket connection|ERR_|Failed to load resource|net::/;

const row = (page: Page, id: number) => page.locator(`[data-conversation="${id}"]`);
const composer = (page: Page) => page.locator("#composer");
const bubble = (page: Page, text: string) => page.locator(".bubble", { hasText: text });
const mark = (page: Page, text: string) => bubble(page, text).locator(".mark");

async function accept(page: Page, id: number): Promise<void> {
  await row(page, id).first().click();
  await page.getByRole("button", { name: "接入" }).click();
  await expect(composer(page)).toBeVisible();
}

test("an agent takes a user's chat that comes by the edge, and every mark of the answer is seen", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  await expect(page.locator(".pane.list")).toBeVisible();
  const user = await Customer.begin(accounts.user);
  const id = user.conversation;
  await user.write("我的订单一直是锁定状态");
  // It comes by itself, with what was written, and since when it waits.
  await expect(row(page, id)).toContainText("我的订单一直是锁定状态");
  await expect(row(page, id).locator(".waited")).toContainText("已等");
  await expect(page).toHaveTitle(/^\(\d+\) /);
  await row(page, id).click();
  await expect(bubble(page, "锁定状态")).toBeVisible();
  await expect(composer(page)).toHaveCount(0);
  await picture("desk-waiting");
  await page.keyboard.press("a");
  await expect(composer(page)).toBeFocused();
  // What the agent has in front of them now is read.
  await expect(row(page, id).locator(".badge")).toHaveCount(0);

  // Sent, while the user is away.
  await page.keyboard.type("你好，我来看一下");
  await page.keyboard.press("Enter");
  await expect(mark(page, "我来看一下")).toHaveAttribute("data-mark", "sent");
  // Delivered, once they are there.
  await user.connect();
  await page.keyboard.type("请稍等");
  await page.keyboard.press("Enter");
  const heard = await user.hears("new_message", (data) => data.content === "请稍等");
  await expect(mark(page, "请稍等")).toHaveAttribute("data-mark", "delivered");
  await expect(page.locator(".conversation .who")).toContainText("在线");
  // Read, once they say so.
  user.emit("mark_read", { chat_message_id: heard.chat_message_id });
  for (const text of ["我来看一下", "请稍等"]) {
    await expect(mark(page, text)).toHaveAttribute("data-mark", "read");
  }

  // Each sees the other type.
  await composer(page).pressSequentially("我查一下你的订单记录，请稍等", { delay: 300 });
  await user.hears("typing", (data) => data.is_typing === true);
  user.emit("typing", { is_typing: true });
  await expect(page.locator(".conversation .typing")).toBeVisible();

  // What the user writes in front of the agent is read.
  user.emit("send_message", { content: "谢谢", message_type: "text", temp_message_id: "thanks" });
  await expect(bubble(page, "谢谢")).toBeVisible();
  await user.hears("messages_read");
  await picture("desk-active");
  await holdAccessibleInBoth(page);
  await user.close();
  await expect(page.locator(".composer.shut")).toBeVisible();
});

test("of two agents who accept at once one has it, and the other is told who", async ({
  page,
  accounts,
  browser,
  logIn,
  watch,
}) => {
  await logIn(accounts.agent);
  const second = await (await browser.newContext({ locale: "zh-CN" })).newPage();
  watch.over(second);
  await second.goto(page.url());
  await logIn(accounts.agent2 ?? accounts.admin, second);
  const user = await Customer.begin(accounts.user);
  await user.write("谁先接入？");
  const pages = [page, second];
  for (const one of pages) {
    await one.goto(new URL(`/console/desk/${user.conversation}`, page.url()).href);
    await expect(one.getByRole("button", { name: "接入" })).toBeVisible();
  }
  await Promise.all(pages.map((one) => one.getByRole("button", { name: "接入" }).click()));
  await expect
    .poll(async () => (await Promise.all(pages.map((one) => composer(one).count()))).reduce((a, b) => a + b))
    .toBe(1);
  const [winner, loser] = (await composer(page).count()) === 1 ? pages : [second, page];
  await expect(loser?.locator(".notices") ?? page).toContainText("已接入此会话");
  await composer(winner ?? page).fill("是我");
  await winner?.keyboard.press("Enter");
  await expect(mark(winner ?? page, "是我")).toHaveAttribute("data-mark", "sent");
  await user.close();
  await second.context().close();
});

test("a line that is cut loses nothing: what was written on both sides is there once, in its order", async ({
  page,
  accounts,
  logIn,
  watch,
  picture,
}) => {
  watch.expect(LINE_LOST);
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("第 1 条");
  await accept(page, user.conversation);
  await stopEdge();
  await expect(page.locator(".banner")).toBeVisible();
  await user.writeToOrigin("第 2 条");
  // The agent goes on writing: it waits for the line.
  await composer(page).fill("离线时写的");
  await page.keyboard.press("Enter");
  await expect(mark(page, "离线时写的")).toHaveAttribute("data-mark", /waiting|sending/);
  await picture("desk-line-lost");
  await startEdge();
  await expect(mark(page, "离线时写的")).toHaveAttribute("data-mark", /sent|delivered/, { timeout: 60_000 });
  // And again, with both sides writing while it goes and comes.
  for (const round of [1, 2, 3]) {
    const written = (async () => {
      for (const number of [1, 2, 3, 4, 5]) await user.writeToOrigin(`用户 ${round}.${number}`);
    })();
    await composer(page).fill(`客服 ${round}.1`);
    await page.keyboard.press("Enter");
    await stopEdge();
    await composer(page).fill(`客服 ${round}.2`);
    await page.keyboard.press("Enter");
    await written;
    await startEdge();
  }
  await expect(page.locator(".banner")).toHaveCount(0, { timeout: 60_000 });
  for (const round of [1, 2, 3]) {
    for (const text of [`客服 ${round}.1`, `客服 ${round}.2`]) {
      await expect(mark(page, text)).toHaveAttribute("data-mark", /sent|delivered/, { timeout: 60_000 });
    }
  }
  const stored = (await user.stored()).map(({ seq }) => seq);
  const shown = () =>
    page
      .locator(".bubble, .system")
      .evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset.seq)));
  await expect.poll(shown).toEqual(stored);
  expect(stored.length).toBeGreaterThanOrEqual(2 + 1 + 3 * 7);
  await user.close();
});

test("a message waits while the origin is down, and is sent when it is back", async ({
  page,
  accounts,
  logIn,
  watch,
}) => {
  watch.expect(LINE_LOST);
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("在吗");
  await accept(page, user.conversation);
  await stopOrigin();
  await composer(page).fill("稍后送达");
  await page.keyboard.press("Enter");
  await expect(mark(page, "稍后送达")).toHaveAttribute("data-mark", "sending");
  await startOrigin();
  await expect(mark(page, "稍后送达")).toHaveAttribute("data-mark", "sent", { timeout: 60_000 });
  await user.close();
});

test("a message that will not be stored says so, and can be sent again", async ({
  page,
  accounts,
  logIn,
  watch,
  picture,
}) => {
  watch.expect(LINE_LOST);
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("再见");
  await accept(page, user.conversation);
  await stopEdge();
  await expect(page.locator(".banner")).toBeVisible();
  await composer(page).fill("太晚了");
  await page.keyboard.press("Enter");
  await user.closeAtOrigin();
  await startEdge();
  await expect(mark(page, "太晚了")).toHaveAttribute("data-mark", "failed", { timeout: 60_000 });
  await picture("desk-failed");
  await holdAccessible(page);
  await bubble(page, "太晚了").getByRole("button", { name: "重新发送" }).click();
  // The conversation is over: the new try is answered, too.
  await expect(mark(page, "太晚了")).toHaveAttribute("data-mark", "failed");
});

test("a conversation is handed to another agent, whose desk has it at once", async ({
  page,
  accounts,
  browser,
  logIn,
  watch,
  picture,
}) => {
  const other = accounts.agent2 ?? accounts.agent;
  await logIn(accounts.admin);
  const second = await (await browser.newContext({ locale: "zh-CN" })).newPage();
  watch.over(second);
  await second.goto(page.url());
  await logIn(other, second);
  await second.goto(new URL("/console/desk", page.url()).href);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("请转给懂的人");
  await accept(page, user.conversation);
  await page.getByRole("button", { name: "转接" }).click();
  const dialog = page.getByRole("dialog");
  const mine = await second.locator(".rail .who").innerText();
  await dialog.getByRole("searchbox").fill(mine);
  await picture("desk-transfer");
  await holdAccessible(page);
  await dialog.locator(".agents button").first().click();
  await expect(dialog).toHaveCount(0);
  await expect(row(second, user.conversation)).toContainText("请转给懂的人");
  await row(second, user.conversation).click();
  await expect(composer(second)).toBeVisible();
  // And is closed there, with a reason.
  await second.getByRole("button", { name: "结束" }).click();
  await second.getByRole("dialog").getByRole("button", { name: "问题已解决" }).click();
  await second.getByRole("dialog").locator('button[type="submit"]').click();
  await expect(second.locator(".composer.shut")).toBeVisible();
  await second.getByRole("tab", { name: "已关闭" }).click();
  await expect(row(second, user.conversation)).toBeVisible();
  await second.context().close();
});

test("drafts are kept by conversation, and the Enter of a composition sends nothing", async ({
  page,
  accounts,
  logIn,
}) => {
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("草稿");
  await accept(page, user.conversation);
  await composer(page).fill("还没写完");
  await composer(page).evaluate((field) => {
    const composing = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent("keydown", composing));
  });
  await expect(composer(page)).toHaveValue("还没写完");
  await page.keyboard.press("Shift+Enter");
  await expect(composer(page)).toHaveValue("还没写完\n");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/desk$/);
  await row(page, user.conversation).click();
  await expect(composer(page)).toHaveValue("还没写完\n");
  await expect(page.locator(".bubble.admin")).toHaveCount(0);
  // It lasts over a log-in of the same person, too.
  await Person.logIn(accounts.agent, "web");
  await page.getByRole("button", { name: "在此设备重新登录" }).click();
  await logIn(accounts.agent);
  await expect(composer(page)).toHaveValue("还没写完\n");
  await user.close();
});

test("older messages come as one scrolls up, and what is read stays where it is", async ({ page, accounts, logIn }) => {
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  const COUNT = 120;
  for (let number = 1; number <= COUNT; number += 1) await user.writeToOrigin(`历史 ${number}。`);
  await accept(page, user.conversation);
  await page.locator(".history").evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(bubble(page, `历史 ${COUNT}。`)).toBeInViewport();
  const box = page.locator(".history");
  const watched = bubble(page, "历史 75。");
  await watched.evaluate((one) => one.scrollIntoView({ block: "start" }));
  const before = await watched.boundingBox();
  await expect(bubble(page, "历史 30。")).toHaveCount(1);
  const after = await watched.boundingBox();
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? -99))).toBeLessThan(3);
  await expect
    .poll(async () => {
      await box.evaluate((one) => one.scrollTo(0, 0));
      return bubble(page, "历史 1。").count();
    })
    .toBe(1);
  expect(await page.locator(".bubble").count()).toBeLessThanOrEqual(260);
  await user.close();
});

test("on a phone one pane is there at a time", async ({ page, accounts, logIn, picture }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  const user = await Customer.begin(accounts.user);
  await user.write("手机上也能看");
  await expect(row(page, user.conversation)).toBeVisible();
  await picture("desk-phone-list");
  await holdAccessible(page);
  await row(page, user.conversation).click();
  await expect(page.locator(".pane.list")).toBeHidden();
  await page.getByRole("button", { name: "接入" }).click();
  await composer(page).fill("好的");
  await page.keyboard.press("Enter");
  await expect(mark(page, "好的")).toHaveAttribute("data-mark", "sent");
  await picture("desk-phone-conversation");
  await holdAccessible(page);
  await page.getByRole("link", { name: "返回列表" }).click();
  await expect(page.locator(".pane.list")).toBeVisible();
  await user.close();
});
