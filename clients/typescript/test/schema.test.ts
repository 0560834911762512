import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

test("the types are those of the API's document: `npm run schema` makes them", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "drawbridge-schema-"));
  try {
    const made = join(folder, "schema.ts");
    const [program, ...said] = String(scripts.schema).replace("src/schema.ts", made).split(" ");
    assert.equal(program, "openapi-typescript");
    const cli = join(root, "node_modules/openapi-typescript/bin/cli.js");
    execFileSync(process.execPath, [cli, ...said], { cwd: root, stdio: "pipe" });
    const kept = readFileSync(join(root, "src/schema.ts"), "utf8");
    assert.ok(readFileSync(made, "utf8") === kept, "src/schema.ts is not current");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
