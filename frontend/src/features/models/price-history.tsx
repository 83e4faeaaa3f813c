import type { ModelDetail } from "@/client/api";
import { formatPrice } from "@/lib/format";

/** What the model has cost, newest first. One price that never changed is no history. */
export function PriceHistory({ versions }: { versions: ModelDetail["price_history"] }) {
  if (versions.length < 2) return null;
  const newestFirst = versions.toSorted((left, right) => right.version - left.version);
  return (
    <section aria-labelledby="model-price-history">
      <h3 id="model-price-history" className="mb-2 text-sm font-semibold">
        Earlier prices
      </h3>
      <ol className="flex flex-col text-sm">
        {newestFirst.map(({ version, since, pricing }) => (
          <li
            key={version}
            className="flex justify-between gap-4 border-t border-line py-1.5 first:border-t-0"
          >
            <span className="text-ink-2">
              since {new Date(since).toLocaleDateString(undefined, { dateStyle: "medium" })}
            </span>
            <span className="tabular-nums">
              {formatPrice(pricing.prompt)} / {formatPrice(pricing.completion)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
