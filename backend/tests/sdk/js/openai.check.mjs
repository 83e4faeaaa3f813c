// The official "openai" package for JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import {
  apiKey, baseURL, CITY, collect, EMBEDDER, ENDLESS, isTold, MODEL, PAINTER, PIXEL, REFUSALS, THINKER, user, WORDS,
} from "./target.mjs";

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const tool = (name) => ({ type: "function", function: { name, description: name, parameters: CITY } });
const create = (question, fields = {}) =>
  client.chat.completions.create({
    model: MODEL,
    messages: typeof question === "string" ? user(question) : question,
    max_tokens: 500,
    ...fields,
  });
const ERRORS = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  402: OpenAI.APIError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  429: OpenAI.RateLimitError,
  502: OpenAI.InternalServerError,
  503: OpenAI.InternalServerError,
};

test("models are listed", async () => {
  assert.ok((await collect(client.models.list())).some((model) => model.id === MODEL));
});

test("an answer comes whole", async () => {
  const answer = await create(WORDS);
  assert.equal(answer.choices[0].message.content, "alpha beta gamma");
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.completion_tokens, 3);
  assert.ok(answer.usage.cost > 0);
});

test("an answer streams", async () => {
  const chunks = await collect(await create(WORDS, { stream: true, stream_options: { include_usage: true } }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "alpha beta gamma");
  assert.equal(chunks.at(-1).usage.completion_tokens, 3);
  assert.ok(chunks.at(-1).usage.cost > 0);
});

test("the stream helper puts the same answer together", async () => {
  const stream = client.chat.completions.stream({ model: MODEL, messages: user(WORDS), max_tokens: 500 });
  assert.equal(await stream.finalContent(), "alpha beta gamma");
});

test("a tool is called and its result goes back", async () => {
  const tools = [tool("weather")];
  const first = (await create("Oslo?", { tools, tool_choice: "required" })).choices[0];
  const [call] = first.message.tool_calls;
  assert.equal(first.finish_reason, "tool_calls");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo?" });
  const result = { role: "tool", tool_call_id: call.id, content: "rain" };
  const second = (await create([...user("Oslo?"), first.message, result], { tools })).choices[0];
  assert.equal(second.finish_reason, "stop");
  assert.ok(second.message.content);
});

test("parallel tool calls stream interleaved", async () => {
  const stream = client.chat.completions.stream({
    model: MODEL,
    messages: user("Oslo? [[tool_calls=2]]"),
    tools: [tool("weather"), tool("time")],
    max_tokens: 500,
  });
  const { tool_calls: calls } = await stream.finalMessage();
  assert.deepEqual(calls.map((call) => call.function.name), ["weather", "time"]);
  for (const call of calls) assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo?" });
});

test("an answer has the shape asked for", async () => {
  const response_format = { type: "json_schema", json_schema: { name: "city", strict: true, schema: CITY } };
  const parsed = await client.chat.completions.parse({ model: MODEL, messages: user("Oslo"), response_format });
  assert.deepEqual(parsed.choices[0].message.parsed, { city: "Oslo" });
});

test("a picture can be shown and drawn", async () => {
  const parts = [{ type: "text", text: WORDS }, { type: "image_url", image_url: { url: PIXEL } }];
  assert.equal((await create([{ role: "user", content: parts }])).choices[0].message.content, "alpha beta gamma");
  const drawn = await create("A cat [[tokens=2]]", { model: PAINTER, modalities: ["image", "text"] });
  assert.match(drawn.choices[0].message.images[0].image_url.url, /^data:image\/png;base64,/);
});

test("reasoning is passed on", async () => {
  const whole = (await create("Why?", { model: THINKER })).choices[0].message.reasoning;
  const chunks = await collect(await create("Why?", { model: THINKER, stream: true }));
  assert.ok(whole);
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning ?? "").join(""), whole);
});

test("texts are embedded", async () => {
  const input = ["one", "two"];
  const { data } = await client.embeddings.create({ model: EMBEDDER, input, dimensions: 16 });
  assert.deepEqual(data.map((item) => item.embedding.length), [16, 16]);
  assert.ok(data[0].embedding.some((part) => part !== 0));
});

for (const status of REFUSALS) {
  for (const stream of [false, true]) {
    test(`a refusal is the error of its status: ${status}, ${stream ? "streamed" : "whole"}`, async () => {
      await assert.rejects(create(`Hello [[error=${status}]]`, { stream }), (error) => {
        assert.ok(error instanceof ERRORS[status], error.constructor.name);
        assert.ok(isTold(error.status, status), `${error}`);
        assert.ok(!`${error}`.includes(apiKey));
        return true;
      });
    });
  }
}

test("an unknown model is not found, a bad body is a bad request", async () => {
  await assert.rejects(create("Hello", { model: "openai/gpt-unknown" }), OpenAI.NotFoundError);
  await assert.rejects(create([]), OpenAI.BadRequestError);
});

test("an error in mid-stream is raised behind the text", async () => {
  let text = "";
  await assert.rejects(async () => {
    const stream = await create("Hello [[tokens=9; mid_stream_error after=3]]", { stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  }, OpenAI.APIError);
  assert.equal(text.split(" ").length, 3);
});

test("a stream can be left", async () => {
  const stream = await create(ENDLESS, { stream: true, max_tokens: 6000 });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
});
