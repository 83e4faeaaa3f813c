/** Orders that the provider alone knows. */
export const RANKED = ["top_weekly", "throughput_high_to_low", "latency_low_to_high"] as const;
export type RankedSort = (typeof RANKED)[number];

export const SORTS = ["name", "newest", "price", "context", ...RANKED] as const;
export type Sort = (typeof SORTS)[number];

/** What the address says of the screen. */
export interface ModelsSearch {
  text?: string;
  reasoning?: true;
  free?: true;
  tools?: true;
  /** Takes pictures. */
  images?: true;
  /** Who made it. */
  family?: string;
  /** Tokens. */
  min_context?: number;
  sort?: Exclude<Sort, "name">;
  /** The model whose details are open. */
  model?: string;
}

/** What of the address the screen understands; the rest is passed over. */
export function parseModelsSearch(search: Record<string, unknown>): ModelsSearch {
  const { text, reasoning, free, tools, images, family, min_context, sort, model } = search;
  return {
    ...(isText(text) ? { text: String(text) } : {}),
    ...(reasoning === true ? { reasoning } : {}),
    ...(free === true ? { free } : {}),
    ...(tools === true ? { tools } : {}),
    ...(images === true ? { images } : {}),
    ...(typeof family === "string" && family ? { family } : {}),
    ...(typeof min_context === "number" && min_context > 0 ? { min_context } : {}),
    ...(isSort(sort) && sort !== "name" ? { sort } : {}),
    ...(typeof model === "string" && model ? { model } : {}),
  };
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
