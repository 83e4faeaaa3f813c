import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json";

it.each([
  ["{}", "{}"],
  ["{ }", "{}"],
  ["[\n]", "[]"],
  ['{"city":"Oslo"}', '{\n  "city": "Oslo"\n}'],
  ['{"a":[1,{"b":null}]}', '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}'],
  ['"{a, \\"b\\": [}"', '"{a, \\"b\\": [}"'],
  ['{"id":12345678901234567890,"id":1.50}', '{\n  "id": 12345678901234567890,\n  "id": 1.50\n}'],
])("%s", (text, expected) => {
  expect(prettyJson(text)).toBe(expected);
});

it.each(['{"city":"Os', "", "plain words, with: colons"])("leaves %j as it is", (text) => {
  expect(prettyJson(text)).toBe(text);
});
