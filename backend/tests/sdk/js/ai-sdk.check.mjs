// Vercel's AI SDK with OpenRouter's provider for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { apiKey, baseURL, CITY, collect, EMBEDDER, ENDLESS, isTold, MODEL, PIXEL, REFUSALS, THINKER, WORDS } from "./target.mjs";

const openrouter = createOpenRouter({ apiKey, baseURL });
const model = openrouter(MODEL);
const common = { model, maxRetries: 0, maxOutputTokens: 500 };
const schema = jsonSchema(CITY);

test("an answer comes whole", async () => {
  const answer = await generateText({ ...common, prompt: WORDS });
  assert.equal(answer.text, "alpha beta gamma");
  assert.equal(answer.finishReason, "stop");
  assert.equal(answer.usage.outputTokens, 3);
  assert.ok(answer.providerMetadata.openrouter.usage.cost > 0);
});

test("an answer streams", async () => {
  const answer = streamText({ ...common, prompt: WORDS });
  assert.equal((await collect(answer.textStream)).join(""), "alpha beta gamma");
  assert.equal((await answer.usage).outputTokens, 3);
});

for (const ask of [generateText, streamText]) {
  test(`tools are called and the answer goes on: ${ask.name}`, async () => {
    const called = [];
    const execute = (name) => async ({ city }) => called.push([name, city]) && "rain";
    const tools = {
      weather: tool({ description: "weather", inputSchema: schema, execute: execute("weather") }),
      time: tool({ description: "time", inputSchema: schema, execute: execute("time") }),
    };
    const answer = ask({ ...common, tools, prompt: "Oslo? [[tool_calls=2]]", stopWhen: stepCountIs(3) });
    const steps = ask === generateText ? (await answer).steps : await answer.steps;
    assert.equal(steps.length, 2);
    assert.ok(steps[1].text);
    assert.deepEqual(called, [["weather", "Oslo?"], ["time", "Oslo?"]]);
  });
}

test("an answer has the shape asked for", async () => {
  const { output } = await generateText({ ...common, prompt: "Oslo", output: Output.object({ schema }) });
  assert.deepEqual(output, { city: "Oslo" });
});

test("a picture can be shown", async () => {
  const content = [{ type: "text", text: WORDS }, { type: "image", image: PIXEL }];
  assert.equal((await generateText({ ...common, messages: [{ role: "user", content }] })).text, "alpha beta gamma");
});

test("reasoning is passed on", async () => {
  const answer = await generateText({ ...common, model: openrouter(THINKER), prompt: "Why?" });
  assert.ok(answer.reasoningText);
});

test("texts are embedded", async () => {
  const embedder = openrouter.textEmbeddingModel(EMBEDDER);
  const { embeddings } = await embedMany({ model: embedder, values: ["one", "two"], maxRetries: 0 });
  assert.deepEqual(embeddings.map((vector) => vector.length), [1536, 1536]);
});

for (const status of REFUSALS) {
  test(`a refusal is the error of its status: ${status}`, async () => {
    await assert.rejects(generateText({ ...common, prompt: `Hello [[error=${status}]]` }), (error) => {
      assert.ok(APICallError.isInstance(error), `${error}`);
      assert.ok(isTold(error.statusCode, status), `${error}`);
      return true;
    });
  });
}

test("a stream can be left", async () => {
  const leaving = new AbortController();
  const answer = streamText({ ...common, prompt: ENDLESS, maxOutputTokens: 6000, abortSignal: leaving.signal });
  for await (const piece of answer.textStream) {
    assert.ok(piece);
    leaving.abort();
  }
});
