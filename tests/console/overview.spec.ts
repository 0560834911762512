/** The overview: its numbers are those of the service, for agents, too. */

import type { Page } from "@playwright/test";
import { holdAccessibleInBoth } from "./support/axe.ts";
import { Person } from "./support/system.ts";
import { expect, test } from "./support/test.ts";

interface Told {
  now: Record<string, number | null>;
  points: Record<string, number | null>[];
}

const tile = (page: Page, name: string) => page.locator(`[data-tile="${name}"] b`);

test("tiles and charts say what the service says", async ({ page, accounts, logIn, picture }) => {
  await logIn(accounts.admin);
  const answer = page.waitForResponse(/\/console\/overview\?minutes=360/);
  await page.goto("/console/?minutes=360");
  const { data } = (await (await answer).json()) as { data: Told };
  const { now, points } = data;
  await expect(tile(page, "live_sessions")).toHaveAttribute("data-value", (now.live_sessions ?? 0).toLocaleString());
  await expect(tile(page, "waiting")).toHaveAttribute("data-value", String(now.waiting));
  await expect(tile(page, "outbox")).toHaveAttribute("data-value", String(now.outbox_pending));
  const failures = points.reduce((all, point) => all + (point.log_in_failures ?? 0), 0);
  await expect(tile(page, "failures")).toHaveAttribute("data-value", String(failures));
  // What a chart shows is said to those who do not see it.
  const logIns = points.reduce((all, point) => all + (point.log_ins ?? 0), 0);
  await expect(page.locator("figure").first()).toContainText(`登录合计 ${logIns}`);
  await expect(page.locator("figure canvas")).toHaveCount(5);
  await picture("overview");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("overview-dark");
  await holdAccessibleInBoth(page);
});

test("a failed log-in is counted, and seen without a reload", async ({ page, accounts, logIn }) => {
  await logIn(accounts.admin);
  await page.goto("/console/");
  await expect(tile(page, "failures")).toBeVisible();
  const before = Number(await tile(page, "failures").getAttribute("data-value"));
  const wrong = Person.logIn({ ...accounts.user, password: "not the password of anyone" });
  await expect(wrong).rejects.toThrow("INVALID_CREDENTIALS");
  await expect(tile(page, "failures")).not.toHaveAttribute("data-value", String(before), { timeout: 30_000 });
});

test("an agent sees it, too, without ways to where agents may not go", async ({ page, accounts, logIn }) => {
  await logIn(accounts.agent);
  await page.goto("/console/");
  await expect(tile(page, "live_sessions")).toBeVisible();
  expect(await page.locator('a.tile[href*="/sessions"], a.tile[href*="/audit"]').count()).toBe(0);
  expect(await page.locator('a.tile[href*="/desk"]').count()).toBe(1);
});
