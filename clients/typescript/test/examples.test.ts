import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** What an app has around the examples. */
const APP = `
declare const form: { onsubmit: () => void };
declare const mobile: any, password: any;
declare function show(shown: unknown): void;
declare function showLogIn(message: string | null, todo?: string): void;
declare function tell(message: string | null, todo: string): void;
declare function later(again: () => unknown): void;
declare function App(app: object): void;
declare const wx: import("@drawbridge/client").WxNetwork & {
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
  login(): Promise<{ code: string }>;
  showModal(shown: object): Promise<void>;
};
`;

test("the examples of the documents are what the client takes", () => {
  const folder = mkdtempSync(join(root, "test/examples-"));
  try {
    let count = 0;
    for (const document of ["README.md", "../../docs/clients.md"]) {
      const text = readFileSync(join(root, document), "utf8");
      for (const [, code = ""] of text.matchAll(/```ts\n(.*?)```/gs)) {
        count += 1;
        writeFileSync(join(folder, `example-${count}.ts`), `${code}export {};\n`);
      }
    }
    assert.equal(count, 4);
    writeFileSync(join(folder, "app.d.ts"), APP);
    const options = {
      paths: { "@drawbridge/client": ["../../src/index.ts"] },
      types: [],
      noUnusedLocals: false,
    };
    const config = { extends: "../../tsconfig.json", compilerOptions: options, include: ["."] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder]);
    assert.equal(status, 0, String(stdout));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
