import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import { Child } from "./harness/child.ts";
import { REPOSITORY, cleanEnvironment, temporaryFolder } from "./harness/places.ts";
import { test } from "./harness/test.ts";

/** Where packages come from is a matter of the machine; everything else of it stays outside. */
const OF_THE_MACHINE = /^PIP_|_proxy$|^SSL_CERT_|^NODE_EXTRA_CA_CERTS$|^npm_config_registry$/i;

test("a fresh clone, an empty home and one command lead to an answer", async ({
  chat,
  onTestFinished,
}) => {
  const clone = join(temporaryFolder("clone"), "llm-console");
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", REPOSITORY, clone]);
  const sources = Object.entries(process.env).filter(([name]) => OF_THE_MACHINE.test(name));
  const run = new Child(join(clone, "scripts/run"), ["--no-browser", "--port", "0"], {
    cwd: clone,
    env: cleanEnvironment(Object.fromEntries(sources) as Record<string, string>),
    group: true,
  });
  onTestFinished(async () => {
    await run.terminate();
  });
  const link = await run.line(/^Ready: (\S+)$/);

  await chat.open(link);
  await chat.page.getByText("Demo mode").waitFor();
  await chat.record();
  await chat.composer.fill("What can you do?");
  await chat.button("Send").click();
  await chat.untilEnded();
  const seen = await chat.seen();
  expect(seen.length).toBeGreaterThan(5);
  expect(await chat.text()).toContain("What can you do?");
  const chips = chat.answer.getByRole("list", { name: "Usage" });
  expect(await chips.textContent()).toMatch(/\d tokens\$0\.\d+/);
  expect(execFileSync("git", ["status", "--porcelain"], { cwd: clone, encoding: "utf8" })).toBe("");
});
