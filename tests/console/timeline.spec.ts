/** The picture that the product is known by: a user's sessions in time, and who threw whom out. */

import type { Page } from "@playwright/test";
import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";
import { openWire, sessionOf } from "./support/wire.ts";

/** The ten sessions of the incident. */
const STORM = Array.from({ length: 10 }, (_, i) => 7029 + i);
const TIMELINE = /\/api\/v4\/console\/auth\/users\/31\/timeline/;

const bar = (page: Page, id: number) => page.locator(`.bar[data-session="${id}"]`);

async function openStorm(page: Page): Promise<void> {
  await page.goto("/console/sessions/users/31");
  await expect(bar(page, 7031)).toBeVisible();
}

test("the incident of user 31 is seen at one glance", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.admin);
  await openStorm(page);
  // In a sentence.
  const banner = page.locator(".tl-banner");
  await expect(banner).toHaveAttribute("data-log-ins", "10");
  await expect(banner).toHaveAttribute("data-replaced", "9");
  await expect(banner).toHaveAttribute("data-devices", "2");
  await expect(banner).toContainText("4 分 18 秒内登录 10 次");
  await expect(banner).toContainText("127.0.0.1");
  await expect(banner).toContainText("116.4.39.203");
  // In bars, a lane a device, one above the other by turns.
  const [web, phone] = [page.locator('[data-lane="web"]'), page.locator('[data-lane="mini_program"]')];
  await expect(web).toHaveCount(1);
  await expect(phone).toHaveCount(1);
  await expect(web).toContainText("127.0.0.1");
  await expect(phone).toContainText("116.4.39.203");
  const tops = new Map<number, number>();
  const colours = new Set<string>();
  for (const id of STORM) {
    await expect(bar(page, id)).toBeVisible();
    const box = await bar(page, id).locator(".body").boundingBox();
    tops.set(id, box?.y ?? 0);
    if (id < 7038) {
      await expect(bar(page, id)).toHaveAttribute("data-state", "REPLACED");
      colours.add(await bar(page, id).locator(".cut").evaluate((cut) => getComputedStyle(cut).fill));
    }
  }
  for (const id of STORM.slice(2)) expect(tops.get(id)).toBe(tops.get(id - 2));
  expect(tops.get(7029)).not.toBe(tops.get(7030));
  const token = await page.evaluate(() => {
    const probe = document.createElement("i");
    probe.style.color = "var(--reason-replaced)";
    document.body.append(probe);
    return getComputedStyle(probe).color;
  });
  expect([...colours]).toEqual([token]);
  // In arrows: from the session that replaced to the one that it ended.
  for (const id of STORM.slice(0, -1)) {
    await expect(page.locator(`.arrow[data-ended="${id}"]`)).toHaveAttribute("data-by", String(id + 1));
  }
  // What is drawn is what the service says.
  const admin = await Person.logIn(accounts.admin);
  const told = await admin.get("/api/v4/console/auth/users/31/timeline");
  const sessions = told.data.sessions as Record<string, unknown>[];
  for (const id of STORM) {
    const row = sessions.find((one) => one.authentication_session_id === id);
    await expect(bar(page, id)).toHaveAttribute("data-state", String(row?.state));
  }
  await picture("timeline-user-31");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("timeline-user-31-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(bar(page, 7031)).toBeVisible();
  await picture("timeline-user-31-phone");
});

test("it is moved by keys, and says what is under them", async ({ page, accounts, logIn }) => {
  await logIn(accounts.admin);
  await openStorm(page);
  // The list says the same to those who do not see the picture.
  await expect(page.locator(".tl-table")).toContainText("7029");
  await holdAccessibleInBoth(page);
  const plot = page.locator(".tl-scroll");
  await plot.focus();
  const wide = await bar(page, 7031).locator(".body").boundingBox();
  await page.keyboard.press("+");
  await expect
    .poll(async () => (await bar(page, 7033).locator(".body").boundingBox())?.width)
    .toBeGreaterThan((wide?.width ?? 0) * 1.2);
  await page.keyboard.press("-");
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  await expect(bar(page, 7030)).toBeFocused();
  await expect(page.locator(".tl-card")).toContainText("7031");
  await page.keyboard.press("Enter");
  const panel = page.locator(".tl-panel");
  await expect(panel).toContainText("WeChat 8.0");
  // From one to the one that ended it.
  await panel.getByRole("button", { name: "7031" }).click();
  await expect(panel.locator("h2")).toContainText("7031");
  await holdAccessible(page);
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
  await plot.focus();
  await page.keyboard.press("0");
  await expect(page.locator(".tl-banner")).not.toHaveAttribute("data-log-ins", "10");
});

test("an admin ends a session, and its socket hears it at once", async ({ page, accounts, logIn, picture }) => {
  const person = await Person.logIn(accounts.user);
  const wire = await openWire(person);
  const id = await sessionOf(person);
  await logIn(accounts.admin);
  await page.goto(`/console/sessions/users/${person.userId}?session=${id}`);
  const panel = page.locator(".tl-panel");
  await expect(panel.locator("h2")).toContainText(String(id));
  await expect(bar(page, id)).toHaveAttribute("data-state", "live");
  await panel.getByRole("button", { name: "终止此会话" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "终止此会话" });
  // Not without a reason.
  await expect(confirm).toBeDisabled();
  await dialog.getByRole("textbox").fill("用户反馈手机丢失");
  await holdAccessible(page);
  await picture("timeline-end-session");
  await confirm.click();
  expect(await wire.closed).toMatchObject({ code: 4413 });
  const last = wire.events.find(({ event }) => event === "session_invalidated");
  expect(last?.data.code).toBe("SESSION_DEACTIVATED");
  await expect(bar(page, id)).toHaveAttribute("data-state", "DEACTIVATED");
  await expect(panel).toContainText("管理员终止");
  expect((await person.get("/api/v4/auth/verify")).code).toBe("SESSION_DEACTIVATED");
  // The reason is on record.
  await panel.getByRole("link", { name: "审计记录" }).click();
  await expect(page.locator("tbody")).toContainText("用户反馈手机丢失");
});

test("all sessions of a user end together, with a reason", async ({ page, accounts, logIn }) => {
  const phone = await Person.logIn(accounts.user);
  const web = await Person.logIn(accounts.user, "app");
  const wires = [await openWire(phone), await openWire(web)];
  await logIn(accounts.admin);
  await page.goto(`/console/sessions/users/${phone.userId}`);
  await page.getByRole("button", { name: "终止全部会话" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("账号被盗");
  await dialog.getByRole("button", { name: "终止全部会话" }).click();
  for (const wire of wires) expect(await wire.closed).toMatchObject({ code: 4413 });
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: "终止全部会话" })).toBeDisabled();
});

/** A timeline of so many sessions on so many devices, as the service would answer it: for its size alone. */
async function crowd(page: Page, count: number, devices: number): Promise<void> {
  const began = Date.now() - count * 40_000;
  const at = (index: number) => new Date(began + index * 40_000).toISOString();
  const states = ["REPLACED", "REPLACED", "LOGGED_OUT", "IDLE", "REVOKED"];
  const sessions = Array.from({ length: count }, (_, i) => ({
    authentication_session_id: 10_000 + i,
    user_type: "user",
    user_id: 31,
    client_type: ["web", "mini_program", "app"][i % 3],
    state: states[i % states.length],
    is_active: false,
    expires_at: at(i + 10_000),
    last_activity: at(i),
    login_ip: `10.0.${i % 250}.1`,
    device_id: `device-${i % devices}`,
    device_name: null,
    device_type: null,
    user_agent: null,
    country: "CN",
    city: null,
    latitude: null,
    longitude: null,
    browser: "Chrome",
    browser_version: "121",
    os: "Windows",
    os_version: "11",
    risk_score: (i * 7) % 100,
    risk_causes: ["new_device"],
    current_jti: null,
    end_reason: states[i % states.length],
    ended_at: at(i + 1),
    ended_by_session_id: 10_001 + i,
    ended_by_user_id: 31,
    created_at: at(i),
    logged_in_at: at(i),
    updated_at: at(i + 1),
    replaced: [],
  }));
  await page.route(TIMELINE, async (route) => {
    const to = new URL(route.request().url()).searchParams.get("to");
    const before = to ? Date.parse(to) : Number.POSITIVE_INFINITY;
    const found = sessions.filter((one) => Date.parse(one.created_at) < before);
    const data = { user_id: 31, from: null, to: null, events: [], sessions: found.slice(-500) };
    await route.fulfill({ json: { success: true, data: { ...data, truncated: found.length > 500 } } });
  });
}

/** Milliseconds between frames while something is done: the middle, nearly all, the longest. */
async function frames(page: Page, act: () => Promise<void>): Promise<string> {
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seenFrames: seen });
    let last = performance.now();
    const next = (now: number) => {
      seen.push(now - last);
      last = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await act();
  const seen = await page.evaluate(() => (window as unknown as { seenFrames: number[] }).seenFrames);
  seen.sort((a, b) => a - b);
  const at = (part: number) => (seen[Math.floor((seen.length - 1) * part)] ?? 0).toFixed(1);
  return `${seen.length} frames, median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`;
}

for (const devices of [2, 600]) {
  test(`five thousand sessions of ${devices} devices are moved smoothly and held in few elements`, async ({
    page,
    accounts,
    logIn,
    picture,
  }) => {
    test.setTimeout(240_000);
    await logIn(accounts.admin);
    await crowd(page, 6_000, devices);
    await page.goto("/console/sessions/users/31");
    // It is read on to five thousand, and says that there is more.
    await expect(page.locator(".notice")).toContainText(/50\d\d|5[1-4]\d\d/);
    await page.getByRole("button", { name: "全部", exact: true }).click();
    const elements = () => page.evaluate(() => document.querySelectorAll("*").length);
    const box = await page.locator(".tl-scroll").boundingBox();
    if (!box) throw new Error("there is no picture");
    const middle = { x: box.x + box.width * 0.6, y: box.y + 30 };
    const wheel = async (y: number, times: number) => {
      for (let i = 0; i < times; i += 1) await page.mouse.wheel(0, y);
    };
    const told: Record<string, string> = {};
    let most = await elements();
    await picture(`timeline-5000-${devices}`);
    await page.mouse.move(middle.x, middle.y);
    told["zoom in"] = await frames(page, () => wheel(-120, 40));
    most = Math.max(most, await elements());
    told.pan = await frames(page, async () => {
      await page.mouse.down();
      for (let i = 0; i < 60; i += 1) await page.mouse.move(middle.x - i * 6, middle.y);
      await page.mouse.up();
    });
    most = Math.max(most, await elements());
    told["zoom out"] = await frames(page, () => wheel(120, 40));
    await page.mouse.move(box.x + 60, middle.y);
    told["scroll lanes"] = await frames(page, () => wheel(200, 30));
    most = Math.max(most, await elements());
    await page.locator(".tl-table").hover();
    told["scroll list"] = await frames(page, () => wheel(400, 30));
    most = Math.max(most, await elements());
    for (const [what, said] of Object.entries(told)) {
      process.stdout.write(`    5,000 sessions, ${devices} devices, ${what}: ${said}\n`);
    }
    process.stdout.write(`    5,000 sessions, ${devices} devices: at most ${most} elements\n`);
    expect(most).toBeLessThan(5_000);
    expect(await page.locator(".tl-table tbody tr").count()).toBeLessThan(40);
    await holdAccessible(page);
  });
}
