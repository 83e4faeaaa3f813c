import { defineConfig } from "vitest/config";

/** The product as its users meet it: the real server, the built page, a real Chromium. */
export default defineConfig({
  test: {
    include: ["tests/e2e/**/*.test.ts"],
    globalSetup: ["tests/e2e/harness/temporary.ts"],
    // One server and one browser at a time: the tests are about what is seen, not about a busy machine.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 50 } },
    projects: [
      {
        extends: true,
        test: { name: "page", exclude: ["**/newcomer.test.ts"], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "newcomer",
          include: ["tests/e2e/newcomer.test.ts"],
          testTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
