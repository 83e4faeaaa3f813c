// Where the checks of this folder are pointed: an OpenRouter-compatible base URL, told by the environment. How an
// answer comes about is told in the question itself, as [[...]]: the emulator behind every target reads it.
export const baseURL = process.env.SDK_BASE_URL;
export const apiKey = process.env.SDK_KEY;

export const MODEL = "openai/gpt-4o-mini";
export const THINKER = "deepseek/deepseek-r1";
export const PAINTER = "google/gemini-2.5-flash-image";
export const EMBEDDER = "openai/text-embedding-3-small";

export const ENDLESS = "Count [[tokens=5000 rate=20]]";
export const WORDS = "[[text=alpha%20beta%20gamma]] Say it.";
export const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const REFUSALS = [400, 401, 402, 403, 404, 429, 502, 503];

export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export const user = (content) => [{ role: "user", content }];

// A gateway may tell one failure of a server by another.
export const isTold = (seen, status) => seen === status || Math.min(seen, status) >= 500;

export async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

// What a call has cost is known a moment after it has ended.
export async function eventually(ask) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (error.statusCode !== 404 || tries > 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
