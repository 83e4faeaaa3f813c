import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SOURCE = import.meta.dirname;
const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

interface Dependency {
  file: string;
  from: string;
  to: string;
}

/** The part of the source a path belongs to: `app`, `lib`, or one feature such as `features/chat`. */
function partOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "features" ? `${first}/${second}` : first;
}

const dependencies: Dependency[] = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts") && !/\.test\.tsx?$/.test(file))
  .flatMap((file) =>
    Array.from(readFileSync(join(SOURCE, file), "utf8").matchAll(IMPORT), ([, target = ""]) => {
      const path = target.startsWith("@/")
        ? target.slice(2)
        : join(file, "..", target.startsWith(".") ? target : "");
      const isOurs = target.startsWith("@/") || target.startsWith(".");
      return { file, from: partOf(file), to: isOurs ? partOf(path) : "" };
    }),
  )
  .filter(({ from, to }) => to !== "" && to !== from);

it("sees the dependencies it is about", () => {
  expect(dependencies).toContainEqual({
    file: "app/sidebar.tsx",
    from: "app",
    to: "features/sessions",
  });
});

it("lets no feature import another one", () => {
  expect(
    dependencies.filter(
      ({ from, to }) => from.startsWith("features/") && to.startsWith("features/"),
    ),
  ).toEqual([]);
});

it("lets only the app import features, and nothing import the app", () => {
  expect(
    dependencies.filter(
      ({ from, to }) => to === "app" || (to.startsWith("features/") && from !== "app"),
    ),
  ).toEqual([]);
});

it("keeps what is for tests out of the page", () => {
  expect(dependencies.filter(({ to }) => to === "testing")).toEqual([]);
});

it("keeps the decoder, the reducer and the channel free of React", () => {
  for (const file of ["decoder", "frames", "fold", "live-channel", "flush-scheduler"]) {
    expect(readFileSync(join(SOURCE, `lib/stream/${file}.ts`), "utf8")).not.toMatch(/"react"/);
  }
});
