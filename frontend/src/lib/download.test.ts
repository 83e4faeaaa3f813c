import { expect, it } from "vitest";
import { fileName } from "./download";

it.each([
  ["Careful reviewer", "careful-reviewer"],
  ["../../etc/passwd", "etc-passwd"],
  ["Poète: «no»", "poete-no"],
  ["日本", "download"],
  ["x".repeat(200), "x".repeat(80)],
])("names the file of %s", (name, expected) => {
  expect(fileName(name)).toBe(expected);
});
