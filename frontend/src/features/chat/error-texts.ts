/** The headline for each error code; the server's own words and hint stand below it. */
export const ERROR_TITLES: Readonly<Record<string, string>> = {
  missing_key: "No key for the provider",
  upstream_bad_key: "The provider refused the key",
  upstream_no_credit: "The provider account has no credit",
  upstream_moderated: "The provider refused the content",
  upstream_model_not_found: "The provider has no such model",
  context_too_long: "The conversation is too long for this model",
  upstream_rate_limited: "Too many requests for the provider",
  upstream_unavailable: "The provider is down",
  upstream_timeout: "The provider did not answer in time",
  upstream_error: "The provider failed",
  upstream_midstream: "The provider failed in mid-answer",
  upstream_truncated: "The answer was cut off",
  upstream_garbage: "The provider sent something unreadable",
  interrupted: "The console was stopped in mid-answer",
  budget_exceeded: "The budget is used up",
  model_not_allowed: "This model is not allowed",
  price_cap: "This model is above the price cap",
  generation_running: "An answer is still being written",
  rate_limited_local: "Too many requests",
  shutting_down: "The console is stopping",
};

/** Errors that are mended on the settings page. */
export const NEEDS_SETTINGS: ReadonlySet<string> = new Set([
  "missing_key",
  "upstream_bad_key",
  "model_not_allowed",
  "price_cap",
]);

/** Words of a server as a sentence of their own: what follows never runs into them. */
export function sentence(words: string): string {
  const trimmed = words.trim();
  return trimmed === "" || /[.!?…:][)"'”’]?$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
