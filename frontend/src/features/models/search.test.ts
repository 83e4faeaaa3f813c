import { expect, it } from "vitest";
import { isFiltered, parseModelsSearch, queryOf } from "./search";

it("reads from the address only what it understands", () => {
  expect(
    parseModelsSearch({
      text: 4,
      reasoning: "yes",
      free: true,
      gives: "smell",
      min_context: -1,
      max_price: "cheap",
      max_context: 8000,
      sort: "size",
      x: 1,
    }),
  ).toEqual({ text: "4", free: true, max_context: 8000 });
});

it("asks the API for the same in its own words", () => {
  expect(
    queryOf({
      text: " gpt ",
      tools: true,
      images: true,
      gives: "image",
      family: "openai",
      min_context: 32_000,
      max_price: 0.5,
      sort: "price",
      model: "openai/gpt-5",
    }),
  ).toEqual({
    text: "gpt",
    tools: true,
    input_modalities: "image",
    output_modalities: "image",
    families: "openai",
    min_context: 32_000,
    max_price: 0.5,
    sort: "pricing_low_to_high",
  });
  expect(queryOf({ text: "  " }).sort).toBe("name");
  expect(queryOf({ text: "  " }).text).toBeUndefined();
});

it("does not take an order or an open model for a filter", () => {
  expect(isFiltered({ sort: "price", model: "a/b", text: " " })).toBe(false);
  expect(isFiltered({ max_price: 1 })).toBe(true);
});
