export const SORTS = ["name", "newest", "price", "context"] as const;
export type Sort = (typeof SORTS)[number];

/** What the address says of the screen. */
export interface ModelsSearch {
  text?: string;
  reasoning?: true;
  free?: true;
  /** Tokens. */
  min_context?: number;
  sort?: Exclude<Sort, "name">;
  /** The model whose details are open. */
  model?: string;
}

/** What of the address the screen understands; the rest is passed over. */
export function parseModelsSearch(search: Record<string, unknown>): ModelsSearch {
  const { text, reasoning, free, min_context, sort, model } = search;
  return {
    ...(isText(text) ? { text: String(text) } : {}),
    ...(reasoning === true ? { reasoning } : {}),
    ...(free === true ? { free } : {}),
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

export function isFiltered({ text, reasoning, free, min_context }: ModelsSearch): boolean {
  return Boolean(text?.trim() || reasoning || free || min_context);
}
