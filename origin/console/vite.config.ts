import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The system that `cargo xtask dev` runs, for `npm run dev`.
const ORIGIN = "http://127.0.0.1:8080";

export default defineConfig({
  base: "/console/",
  resolve: {
    alias: {
      "@drawbridge/client": fileURLToPath(
        new URL("../../clients/typescript/src/index.ts", import.meta.url),
      ),
    },
  },
  build: {
    target: "es2022",
    // The page's policy lets nothing be read from `data:` but pictures, and files are kept for ever by name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 150,
  },
  server: {
    port: 5173,
    proxy: { "/api": ORIGIN, "/console/config.json": ORIGIN, "/healthz": ORIGIN },
  },
});
