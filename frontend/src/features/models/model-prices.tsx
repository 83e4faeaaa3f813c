import type { Model } from "@/client/api";
import { UNKNOWN, formatPrice } from "@/lib/format";

type Pricing = Model["pricing"];

const ROWS: readonly { name: keyof Pricing; label: string; unit: string }[] = [
  { name: "prompt", label: "Input", unit: "per 1M tokens" },
  { name: "completion", label: "Output", unit: "per 1M tokens" },
  { name: "reasoning", label: "Reasoning", unit: "per 1M tokens" },
  { name: "cache_read", label: "Cached input, read", unit: "per 1M tokens" },
  { name: "cache_write", label: "Cached input, written", unit: "per 1M tokens" },
  { name: "image", label: "Image", unit: "each" },
  { name: "request", label: "Request", unit: "each" },
];

export function ModelPrices({ pricing }: { pricing: Pricing }) {
  const isPartlyUnknown = ROWS.some(({ name }) => pricing[name] === null);
  return (
    <section aria-labelledby="model-prices">
      <h3 id="model-prices" className="mb-2 text-sm font-semibold">
        Prices in US dollars
      </h3>
      <table className="w-full text-sm">
        <thead className="sr-only">
          <tr>
            <th scope="col">What</th>
            <th scope="col">Price</th>
            <th scope="col">Unit</th>
          </tr>
        </thead>
        <tbody>
          {ROWS.map(({ name, label, unit }) => (
            <tr key={name} className="border-t border-line first:border-t-0">
              <th scope="row" className="py-1.5 text-left font-normal text-ink-2">
                {label}
              </th>
              <td className="py-1.5 text-right font-medium tabular-nums">
                {formatPrice(pricing[name])}
              </td>
              <td className="w-32 py-1.5 pl-2 text-ink-3">{pricing[name] === null ? "" : unit}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {isPartlyUnknown && (
        <p className="mt-2 text-xs text-ink-3">
          {UNKNOWN} means that the provider names no fixed price: it may vary, or not be charged
          apart.
        </p>
      )}
    </section>
  );
}
