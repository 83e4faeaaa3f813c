import type { ModelsQuery } from "@/client/models";

/** Orders that the provider alone knows. */
export const RANKED = ["top_weekly", "throughput_high_to_low", "latency_low_to_high"] as const;
export type RankedSort = (typeof RANKED)[number];

export const SORTS = ["name", "newest", "price", "context", ...RANKED] as const;
export type Sort = (typeof SORTS)[number];

/** What a model can give beside text. */
export const OUTPUTS = ["image", "audio", "video"] as const;
export type Output = (typeof OUTPUTS)[number];

/** What the address says of the screen. */
export interface ModelsSearch {
  text?: string;
  reasoning?: true;
  free?: true;
  tools?: true;
  /** Takes pictures. */
  images?: true;
  gives?: Output;
  /** Who made it. */
  family?: string;
  /** Tokens. */
  min_context?: number;
  max_context?: number;
  /** US dollars per 1,000,000 tokens, the mean of input and output. */
  min_price?: number;
  max_price?: number;
  sort?: Exclude<Sort, "name">;
  /** The model whose details are open. */
  model?: string;
}

/** What of the address the screen understands; the rest is passed over. */
export function parseModelsSearch(search: Record<string, unknown>): ModelsSearch {
  const { text, reasoning, free, tools, images, gives, family, sort, model } = search;
  return {
    ...(isText(text) ? { text: String(text) } : {}),
    ...(reasoning === true ? { reasoning } : {}),
    ...(free === true ? { free } : {}),
    ...(tools === true ? { tools } : {}),
    ...(images === true ? { images } : {}),
    ...(OUTPUTS.includes(gives as Output) ? { gives: gives as Output } : {}),
    ...(typeof family === "string" && family ? { family } : {}),
    ...limit("min_context", search),
    ...limit("max_context", search),
    ...limit("min_price", search),
    ...limit("max_price", search),
    ...(isSort(sort) && sort !== "name" ? { sort } : {}),
    ...(typeof model === "string" && model ? { model } : {}),
  };
}

function limit<Name extends string>(
  name: Name,
  search: Record<string, unknown>,
): Partial<Record<Name, number>> {
  const value = search[name];
  return typeof value === "number" && value > 0
    ? ({ [name]: value } as Partial<Record<Name, number>>)
    : {};
}

/** A query such as `4` is read as a number. */
function isText(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

function isSort(value: unknown): value is Sort {
  return SORTS.includes(value as Sort);
}

export function isRanked(sort: Sort | undefined): sort is RankedSort {
  return RANKED.includes(sort as RankedSort);
}

export function isFiltered(search: ModelsSearch): boolean {
  const { sort: _, model: __, text, ...filters } = search;
  return Boolean(text?.trim()) || Object.values(filters).some(Boolean);
}

const SORT_QUERY: Partial<Record<Sort, string>> = {
  price: "pricing_low_to_high",
  context: "context_high_to_low",
};

/** The same as the API asks for it. */
export function queryOf(search: ModelsSearch): ModelsQuery {
  const { text, images, gives, family, sort = "name", model: _, ...same } = search;
  return {
    ...same,
    text: text?.trim() || undefined,
    input_modalities: images && "image",
    output_modalities: gives,
    families: family,
    sort: SORT_QUERY[sort] ?? sort,
  };
}
