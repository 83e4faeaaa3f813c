// OpenRouter's own "@openrouter/sdk", which checks every answer against the API's schema.
import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenRouter } from "@openrouter/sdk";
import { apiKey, baseURL, CITY, collect, EMBEDDER, ENDLESS, eventually, isTold, MODEL, PIXEL, REFUSALS, THINKER, user, WORDS } from "./target.mjs";

const client = new OpenRouter({ serverURL: baseURL, apiKey, retryConfig: { strategy: "none" } });
const tool = (name) => ({ type: "function", function: { name, description: name, parameters: CITY } });
const send = (question, fields = {}) =>
  client.chat.send({
    chatRequest: {
      model: MODEL,
      messages: typeof question === "string" ? user(question) : question,
      maxTokens: 500,
      ...fields,
    },
  });

test("models are listed", async () => {
  const pages = await collect(await client.models.list());
  const models = pages.flatMap((page) => (page.result ?? page).data);
  assert.ok(models.some((model) => model.id === MODEL && Number(model.pricing.prompt) > 0));
});

test("models are counted, and who serves one is told", async () => {
  assert.ok((await client.models.count()).data.count > 10);
  const [author, slug] = MODEL.split("/");
  const { data } = await client.endpoints.list({ author, slug });
  assert.equal(data.id, MODEL);
  assert.ok(data.endpoints.some((endpoint) => endpoint.supportedParameters.includes("tools")));
  assert.ok((await client.providers.list()).data.some((company) => company.slug));
});

test("the key and the account tell what was spent", async () => {
  assert.ok((await client.apiKeys.getCurrentKeyMetadata()).data.usage >= 0);
  assert.ok((await client.credits.getCredits()).data.totalCredits > 0);
});

test("what an answer has cost is told by its id", async () => {
  const answer = await send(WORDS);
  const told = await eventually(() => client.generations.getGeneration({ id: answer.id }));
  assert.equal(told.data.id, answer.id);
  assert.equal(told.data.nativeTokensCompletion, answer.usage.completionTokens);
  assert.ok(Math.abs(told.data.totalCost - answer.usage.cost) < 1e-12);
});

test("an answer comes whole", async () => {
  const answer = await send(WORDS);
  assert.equal(answer.choices[0].message.content, "alpha beta gamma");
  assert.equal(answer.choices[0].finishReason, "stop");
  assert.equal(answer.usage.completionTokens, 3);
  assert.ok(answer.usage.cost > 0);
});

test("an answer streams", async () => {
  const chunks = await collect(await send(WORDS, { stream: true }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "alpha beta gamma");
  assert.equal(chunks.findLast((chunk) => chunk.usage).usage.completionTokens, 3);
});

test("a tool is called and its result goes back", async () => {
  const tools = [tool("weather"), tool("time")];
  const first = (await send("Oslo? [[tool_calls=2]]", { tools })).choices[0];
  const calls = first.message.toolCalls;
  assert.equal(first.finishReason, "tool_calls");
  assert.deepEqual(calls.map((call) => call.function.name), ["weather", "time"]);
  for (const call of calls) assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo?" });
  const results = calls.map((call) => ({ role: "tool", toolCallId: call.id, content: "rain" }));
  const second = (await send([...user("Oslo?"), first.message, ...results], { tools })).choices[0];
  assert.equal(second.finishReason, "stop");
});

test("parallel tool calls stream interleaved", async () => {
  const tools = [tool("weather"), tool("time")];
  const calls = [];
  for await (const chunk of await send("Oslo? [[tool_calls=2]]", { tools, stream: true })) {
    for (const part of chunk.choices[0]?.delta.toolCalls ?? []) {
      calls[part.index] ??= { name: "", arguments: "" };
      calls[part.index].name += part.function?.name ?? "";
      calls[part.index].arguments += part.function?.arguments ?? "";
    }
  }
  assert.deepEqual(calls.map((call) => call.name), ["weather", "time"]);
  for (const call of calls) assert.deepEqual(JSON.parse(call.arguments), { city: "Oslo?" });
});

test("an answer has the shape asked for", async () => {
  const responseFormat = { type: "json_schema", jsonSchema: { name: "city", strict: true, schema: CITY } };
  const answer = await send("Oslo", { responseFormat });
  assert.deepEqual(JSON.parse(answer.choices[0].message.content), { city: "Oslo" });
});

test("a picture can be shown", async () => {
  const parts = [{ type: "text", text: WORDS }, { type: "image_url", imageUrl: { url: PIXEL } }];
  assert.equal((await send([{ role: "user", content: parts }])).choices[0].message.content, "alpha beta gamma");
});

test("reasoning is passed on", async () => {
  const { message } = (await send("Why?", { model: THINKER })).choices[0];
  assert.ok(message.reasoning);
  assert.equal(message.reasoningDetails[0].type, "reasoning.text");
});

test("texts are embedded", async () => {
  const requestBody = { model: EMBEDDER, input: ["one", "two"], dimensions: 16 };
  const { data } = await client.embeddings.generate({ requestBody });
  assert.deepEqual(data.map((item) => item.embedding.length), [16, 16]);
});

for (const status of REFUSALS) {
  test(`a refusal is the error of its status: ${status}`, async () => {
    await assert.rejects(send(`Hello [[error=${status}]]`), (error) => {
      assert.ok(isTold(error.statusCode, status), `${error}`);
      assert.notEqual(error.constructor.name, "ResponseValidationError", `${error}`);
      return true;
    });
  });
}

test("a stream can be left", async () => {
  const stream = await send(ENDLESS, { stream: true, maxTokens: 6000 });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
});
