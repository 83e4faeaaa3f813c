import { expect, it } from "vitest";
import { storedModel } from "@/testing/stored";
import { type ModelsSearch, parseModelsSearch } from "./search";
import { selectModels } from "./select-models";

const models = [
  storedModel("openai/gpt-10", {
    name: "GPT 10",
    is_reasoning: true,
    context_length: 400_000,
    supported_parameters: ["tools"],
    modalities: { input: ["text", "image"], output: ["text"] },
    created_at: "2025-08-01T00:00:00.000Z",
  }),
  storedModel("openai/gpt-9", { name: "GPT 9" }, [0.5, 20]),
  storedModel("meta/llama:free", { name: "Llama", context_length: 32_000 }, [0, 0]),
  storedModel("openrouter/auto", { name: "Auto", context_length: null }, [null, null]),
  storedModel("acme/half", { name: "Half free" }, [0, null]),
];

const ids = (search: ModelsSearch): string[] => selectModels(models, search).map(({ id }) => id);

it.each<[string, ModelsSearch, string[]]>([
  ["every word, in name or id", { text: " gpt OPENAI " }, ["openai/gpt-9", "openai/gpt-10"]],
  ["reasoning", { reasoning: true }, ["openai/gpt-10"]],
  ["free, which an unknown price is not", { free: true }, ["meta/llama:free"]],
  ["context, which an unknown one does not reach", { min_context: 400_000 }, ["openai/gpt-10"]],
  ["tools", { tools: true }, ["openai/gpt-10"]],
  ["pictures", { images: true }, ["openai/gpt-10"]],
  ["author", { family: "meta" }, ["meta/llama:free"]],
  ["several at once", { text: "gpt", free: true }, []],
])("filters by %s", (_, search, expected) => {
  expect(ids(search)).toEqual(expected);
});

it.each<[string, ModelsSearch["sort"], string[]]>([
  ["name, 9 before 10", undefined, ["Auto", "GPT 9", "GPT 10", "Half free", "Llama"]],
  ["price, unknown last", "price", ["Llama", "Half free", "GPT 9", "GPT 10", "Auto"]],
  ["date, newest first", "newest", ["GPT 10", "Auto", "GPT 9", "Half free", "Llama"]],
  ["context, unknown last", "context", ["GPT 10", "GPT 9", "Half free", "Llama", "Auto"]],
  ["the provider's own order", "top_weekly", ["GPT 10", "GPT 9", "Llama", "Auto", "Half free"]],
])("orders by %s", (_, sort, expected) => {
  const found = selectModels(models, sort ? { sort } : {});
  expect(found.map(({ name }) => name)).toEqual(expected);
});

it("reads from the address only what it understands", () => {
  expect(
    parseModelsSearch({
      text: 4,
      reasoning: "yes",
      free: true,
      min_context: -1,
      sort: "size",
      x: 1,
    }),
  ).toEqual({ text: "4", free: true });
});
