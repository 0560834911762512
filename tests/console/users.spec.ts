/** Users: found, given another role, banned; and the last admin stays. */

import { holdAccessible, holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";
import { openWire } from "./support/wire.ts";

const USERS = "/api/v4/console/users";

test("a ban ends what the user has open, and is taken back", async ({ page, accounts, logIn, picture }) => {
  const person = await Person.logIn(accounts.user);
  const wire = await openWire(person);
  await logIn(accounts.admin);
  await page.goto("/console/users");
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await picture("users");
  await holdAccessibleInBoth(page);
  await page.keyboard.press("/");
  await page.keyboard.type(accounts.user.mobile);
  await page.keyboard.press("Enter");
  const row = page.locator(`tr[data-key="${person.userId}"]`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  const change = async (name: RegExp, value: string, why: string) => {
    await row.getByRole("button", { name }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator(`input[value="${value}"]`).check();
    await dialog.getByRole("textbox").fill(why);
    await holdAccessible(page);
    await dialog.getByRole("button", { name: "保存" }).click();
    await expect(dialog).toHaveCount(0);
  };
  await change(/修改状态/, "banned", "多次违规");
  await expect(row).toContainText("封禁");
  expect(await wire.closed).toMatchObject({ code: 4419 });
  expect((await person.get("/api/v4/auth/me")).code).toBe("USER_INACTIVE");
  await change(/修改状态/, "active", "申诉通过");
  await expect(row).toContainText("正常");
  // Another role, and back again.
  await change(/修改角色/, "agent", "调岗");
  await expect(row).toContainText("客服");
  await change(/修改角色/, "user", "调回");
  const admin = await Person.logIn(accounts.admin);
  const { data } = await admin.get(`${USERS}/${person.userId}`);
  expect(data).toMatchObject({ status: "active", role: "user" });
  // All of it is on record, with who did it.
  const audit = await admin.get(`/api/v4/console/auth/audit?user_id=${person.userId}&event=user_role_changed`);
  const events = audit.data.events as { actor_user_id: number }[];
  expect(events.length).toBeGreaterThanOrEqual(2);
  expect(events[0]?.actor_user_id).toBe(admin.userId);
});

test("the last admin cannot be taken away, and the page says why", async ({ page, accounts, logIn }) => {
  const admin = await Person.logIn(accounts.admin);
  const told = await admin.get(`${USERS}?role=admin&status=active&limit=100`);
  const others = (told.data.users as { user_id: number }[])
    .map((one) => one.user_id)
    .filter((id) => id !== admin.userId);
  const set = async (id: number, role: string) => {
    const { status } = await admin.post(`${USERS}/${id}/role`, { role, reason: "a test of the last admin" });
    expect(status).toBe(200);
  };
  for (const id of others) await set(id, "agent");
  try {
    await logIn(accounts.admin);
    await page.goto("/console/users?role=admin");
    const row = page.locator(`tr[data-key="${admin.userId}"]`);
    await row.getByRole("button", { name: /修改角色/ }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText("您自己的账号");
    await dialog.locator('input[value="user"]').check();
    await dialog.getByRole("textbox").fill("试试");
    await dialog.getByRole("button", { name: "保存" }).click();
    await expect(dialog.getByRole("alert")).toHaveText("这是最后一位管理员：先任命另一位，才能修改。");
    await dialog.getByRole("button", { name: "取消" }).click();
    await expect(row).toContainText("管理员");
  } finally {
    for (const id of others) await set(id, "admin");
  }
});

test("an agent does not come to the pages of admins", async ({ page, accounts, logIn }) => {
  await logIn(accounts.agent);
  for (const path of ["users", "audit", "sessions", "sessions/users/31", "debug"]) {
    await page.goto(`/console/${path}`);
    await expect(page.locator(".content")).toContainText("此页面仅供管理员使用");
  }
});
