import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse, parts } from "../src/pages/listings/filters.ts";

test("an address says what is asked for, and nothing that would be refused", () => {
  assert.deepEqual(parse("status=locked&seller_user_id=31&min_price=0&search=%20sword%20"), {
    status: "locked",
    seller_user_id: 31,
    min_price: 0,
    search: "sword",
  });
  assert.deepEqual(
    parse("status=gone&seller_user_id=0&max_price=-1&min_price=1e9&sort=x&search="),
    {},
  );
  assert.equal(parse(`search=${"x".repeat(300)}`).search?.length, 100);
});

test("what is asked for comes back from its address", () => {
  const filters = { status: "sold", search: "a&b=c", max_price: 9 } as const;
  assert.deepEqual(parse(format(filters)), filters);
  assert.equal(format({}), "");
});

test("the bar is full, its parts touch, and the least of them is seen", () => {
  const all = parts({ on_sale: 3, locked: 9, sold: 16, withdrawn: 100_000, admin_withdrawn: 0 });
  assert.deepEqual(
    all.map((one) => one.status),
    ["on_sale", "locked", "sold", "withdrawn"],
  );
  let x = 0;
  for (const part of all) {
    assert.ok(Math.abs(part.x - x) < 1e-9);
    assert.ok(part.width > 1);
    x += part.width;
  }
  assert.ok(Math.abs(x - 100) < 1e-9);
  assert.deepEqual(parts({ on_sale: 0, locked: 0, sold: 0, withdrawn: 0, admin_withdrawn: 0 }), []);
});
