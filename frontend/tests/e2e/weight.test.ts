import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { PAGE } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const MAX_BYTES = 180_000;
/** What comes before the composer leaves room for what shows an answer. */
const MAX_FIRST_BYTES = 140_000;

test("the scripts of a chat with its answer stay below 180 kB compressed", async ({
  console,
  emulator,
  chat,
}) => {
  const first = [...readFileSync(join(PAGE, "index.html"), "utf8").matchAll(/\/([\w.-]+\.js)"/g)];
  const needed = compressedBytes(first.map(([, name]) => name ?? ""));

  await emulator.say("A plain answer.");
  const loaded = new Set<string>();
  chat.page.on("request", (request) => {
    if (request.resourceType() === "script") loaded.add(basename(new URL(request.url()).pathname));
  });
  await chat.start(console.origin, "Hello");
  await chat.untilEnded();
  await chat.page.getByRole("combobox", { name: /^Model:/ }).waitFor();
  const all = compressedBytes(loaded);
  process.stdout.write(
    `compressed script: ${kilobytes(needed)} before the composer, ${kilobytes(all)} after an answer\n`,
  );
  expect([...first].length).toBeGreaterThan(1);
  expect(needed).toBeLessThan(MAX_FIRST_BYTES);
  expect(all).toBeLessThan(MAX_BYTES);
});

function compressedBytes(names: Iterable<string>): number {
  return [...names].reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(PAGE, "assets", name)), { level: 9 }).length,
    0,
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
