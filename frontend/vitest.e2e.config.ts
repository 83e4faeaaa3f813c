import { defineConfig } from "vitest/config";

const NEWCOMER = "tests/e2e/newcomer.test.ts";

const shared = {
  hookTimeout: 60_000,
  expect: { poll: { timeout: 15_000, interval: 50 } },
};

/** The product as its users meet it: the real server, the built page, a real Chromium. */
export default defineConfig({
  test: {
    globalSetup: ["tests/e2e/harness/temporary.ts"],
    // One server and one browser at a time: the tests are about what is seen, not about a busy machine.
    fileParallelism: false,
    projects: [
      {
        test: {
          ...shared,
          name: "page",
          include: ["tests/e2e/**/*.test.ts"],
          exclude: [NEWCOMER],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Installs everything, so it comes last and may take its time.
        test: {
          ...shared,
          name: "newcomer",
          include: [NEWCOMER],
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
