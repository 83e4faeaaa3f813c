import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { themeBoot } from "./theme-boot.plugin.ts";

const backend = process.env.CONSOLE_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  plugins: [react(), tailwindcss(), themeBoot()],
  build: {
    target: "es2023",
    assetsDir: "assets",
    // Fonts, images and icons stay files: the policy of the page allows no inline anything but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every visit loads stays in one file: pieces that screens share with it would compress worse apart.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "page", tags: ["$initial"] }] } },
    },
  },
  server: {
    // The Host header is kept, so that the backend sees page and call as one origin.
    proxy: Object.fromEntries(
      ["/api", "/v1", "/health"].map((path) => [path, { target: backend, changeOrigin: false }]),
    ),
  },
  test: {
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: { name: "core", environment: "node", include: ["src/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/testing/setup.ts"],
        },
      },
    ],
  },
});
