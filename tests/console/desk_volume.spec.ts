/** The desk with more conversations than anybody has. What is printed is for people to read. */

import { expect, test } from "./support/test.ts";

test("a list of ten thousand conversations scrolls, and the page holds few rows of it", async ({
  page,
  accounts,
  logIn,
  picture,
}) => {
  const TOTAL = 10_000;
  const at = (index: number) => new Date(Date.UTC(2026, 0, 1) - index * 60_000).toISOString();
  await page.route("**/customer-service/sessions?*status=closed*", (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const from = Number(asked.get("cursor") ?? 0);
    const limit = Number(asked.get("limit"));
    const sessions = Array.from({ length: Math.min(limit, TOTAL - from) }, (_, index) => ({
      customer_service_session_id: 1_000_000 - from - index,
      user: { user_id: from + index + 1, nickname: `用户 ${from + index}`, mobile: null },
      status: "closed",
      status_display: "已关闭",
      source: "mobile",
      priority: 0,
      unread_count: 0,
      created_at: at(from + index),
      updated_at: at(from + index),
      admin: null,
      last_message: { chat_message_id: 1, content: "好的", sender_type: "user", created_at: at(from + index) },
      last_message_at: at(from + index),
    }));
    const next = from + limit;
    const pagination = { total: TOTAL, page: 1, limit, total_pages: TOTAL / limit };
    return route.fulfill({
      json: {
        success: true,
        data: { sessions, pagination: next < TOTAL ? { ...pagination, next_cursor: String(next) } : pagination },
      },
    });
  });
  await logIn(accounts.agent);
  await page.goto("/console/desk");
  await page.getByRole("tab", { name: "已关闭" }).click();
  const list = page.locator(".rows.below");
  await expect(list.locator("li").first()).toBeVisible();
  const seen: number[] = [];
  /** Scrolls as fast as frames are drawn, until a row is there. */
  const scroll = (by: number, until: string) =>
    list.evaluate(
      async (box, { by, until }) => {
        const times: number[] = [];
        let before = performance.now();
        while (!box.querySelector(until) && times.length < 20_000) {
          box.scrollTop += by;
          await new Promise(requestAnimationFrame);
          const now = performance.now();
          times.push(now - before);
          before = now;
        }
        return times;
      },
      { by, until },
    );
  const print = (what: string, frames: number[]) => {
    const sorted = frames.toSorted((a, b) => a - b);
    const part = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    const [median, p95, longest] = [part(0.5), part(0.95), part(1)];
    console.log(`${what}: ${frames.length} frames, median ${median} ms, p95 ${p95} ms, longest ${longest} ms`);
  };
  print("while it is loaded", await scroll(1_500, '[aria-posinset="10000"]'));
  await expect(list.locator('[aria-posinset="10000"]')).toHaveCount(1);
  seen.push(await list.locator("li").count());
  print("once it is there", await scroll(-1_500, '[aria-posinset="1"]'));
  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
  await expect(list.locator("li").first()).toBeVisible();
  seen.push(await list.locator("li").count());
  for (const rows of seen) expect(rows).toBeLessThan(60);
  await picture("desk-ten-thousand");
});
