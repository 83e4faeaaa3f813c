import { expect, it } from "vitest";
import { formatTools, parseTools, toolsProblem } from "./tools-text";

const WEATHER = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object" } },
};

it("gives back what it shows", () => {
  expect(parseTools(formatTools([WEATHER]))).toEqual([WEATHER]);
  expect(formatTools([])).toBe("");
  expect(parseTools(" \n")).toEqual([]);
});

it.each([
  "",
  "[]",
  JSON.stringify([WEATHER, { type: "openrouter:web_search" }]),
  '[{"type":"function","function":{"name":"a.b-c_1","parameters":null}}]',
])("takes %s", (text) => {
  expect(toolsProblem(text)).toBeNull();
});

it.each([
  ['[{"type":"function"', /^This is not JSON yet/],
  ['[\n  {\n    "type" "function"\n  }\n]', /^This is not JSON yet: see line 3\.$/],
  [JSON.stringify(WEATHER), /^Must be a list/],
  ["[1]", /^Tool 1 must be an object/],
  ['[{"name":"a"}]', /^Tool 1 needs "type": "function"/],
  ['[{"type":"function","name":"a"}]', /^Tool 1 needs "function"/],
  ['[{"type":"function","function":{}}]', /^Tool 1 needs a "name"/],
  ['[{"type":"function","function":{"name":"two words"}}]', /^Tool 1 has a name/],
  ['[{"type":"function","function":{"name":"a","parameters":[]}}]', /^Tool 1 needs a JSON schema/],
  [JSON.stringify([WEATHER, WEATHER]), /^Tool 2 has the name of another one, “get_weather”/],
])("refuses %s", (text, problem) => {
  expect(toolsProblem(text)).toMatch(problem);
});
