import type { Model } from "@/client/api";
import { isFree, matchesText } from "@/components/models";
import type { ModelsSearch, Sort } from "./search";

type Order = (left: Model, right: Model) => number;

const names = new Intl.Collator(undefined, { numeric: true });
const byName: Order = (left, right) => names.compare(left.name, right.name);

const ORDERS: Partial<Record<Sort, Order>> = {
  name: byName,
  newest: (left, right) => right.created_at.localeCompare(left.created_at),
  price: (left, right) =>
    knownFirst(left.pricing.prompt, right.pricing.prompt) ||
    knownFirst(left.pricing.completion, right.pricing.completion),
  context: (left, right) => (right.context_length ?? -1) - (left.context_length ?? -1),
};

/** Unknown is not cheap: it comes last. */
function knownFirst(left: number | null, right: number | null): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return left - right;
}

/** The models that the filters leave, in order; an order of the provider is the one they come in. */
export function selectModels(models: readonly Model[], search: ModelsSearch): Model[] {
  const text = search.text?.trim() ?? "";
  const order = ORDERS[search.sort ?? "name"];
  const left = models.filter(
    (model) =>
      (!search.reasoning || model.is_reasoning) &&
      (!search.free || isFree(model)) &&
      (!search.tools || model.supported_parameters.includes("tools")) &&
      (!search.images || model.modalities.input.includes("image")) &&
      (!search.family || model.family === search.family) &&
      (!search.min_context || (model.context_length ?? 0) >= search.min_context) &&
      (text === "" || matchesText(model, text)),
  );
  return order ? left.toSorted((a, b) => order(a, b) || byName(a, b)) : left;
}
