import type { Model } from "@/client/api";
import { formatPrice } from "@/lib/format";

/** Whether every word of the query is somewhere in the name or the id. */
export function matchesText(model: Model, query: string): boolean {
  const haystack = `${model.name} ${model.id}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

export function isFree({ pricing }: Model): boolean {
  return pricing.prompt === 0 && pricing.completion === 0;
}

/** Input and output, US dollars per 1,000,000 tokens. */
export function formatPrices(model: Model): string {
  if (isFree(model)) return "free";
  return `${formatPrice(model.pricing.prompt)} / ${formatPrice(model.pricing.completion)}`;
}
