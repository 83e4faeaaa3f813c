import type { Endpoint, ModelDetail } from "@/client/api";
import { SkeletonRows } from "@/components/skeleton-rows";
import { UNKNOWN, formatContext, formatPrice } from "@/lib/format";

interface ModelEndpointsProps {
  /** Undefined while it is on its way. */
  detail: ModelDetail | undefined;
  failed: boolean;
}

/** Who serves the model, as routing would find them: what each takes, charges, and how it has been of late. */
export function ModelEndpoints({ detail, failed }: ModelEndpointsProps) {
  return (
    <section aria-labelledby="model-endpoints">
      <h3 id="model-endpoints" className="mb-2 text-sm font-semibold">
        Served by
      </h3>
      <Body detail={detail} failed={failed} />
      {detail?.endpoints_problem && (
        <p className="mt-2 text-xs text-ink-3">
          {detail.endpoints && detail.endpoints.length > 0 ? "As last seen. " : ""}
          {detail.endpoints_problem.message}
        </p>
      )}
    </section>
  );
}

function Body({ detail, failed }: ModelEndpointsProps) {
  if (failed) return <p className="text-sm text-ink-2">This could not be loaded.</p>;
  if (!detail) return <SkeletonRows rows={2} className="h-14" />;
  if (!detail.endpoints || detail.endpoints.length === 0) {
    return <p className="text-sm text-ink-2">The provider does not say.</p>;
  }
  return (
    <ul className="flex flex-col">
      {detail.endpoints.map((endpoint, index) => (
        <Row key={endpoint.tag ?? index} endpoint={endpoint} />
      ))}
    </ul>
  );
}

function Row({ endpoint }: { endpoint: Endpoint }) {
  const { provider_name, pricing, quantization, context_length, max_output_tokens } = endpoint;
  const facts = [
    `${formatContext(context_length)} context`,
    max_output_tokens === null ? "" : `${formatContext(max_output_tokens)} out`,
    quantization ?? "",
    latencyOf(endpoint),
  ];
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-4 border-t border-line py-2 text-sm first:border-t-0">
      <span className="min-w-0 font-medium wrap-anywhere">
        {provider_name}
        {endpoint.status !== null && endpoint.status !== 0 && (
          <span className="ml-2 rounded-full bg-warn-soft px-2 py-0.5 text-xs text-warn">
            Degraded
          </span>
        )}
      </span>
      <span className="text-right tabular-nums">
        {formatPrice(pricing.prompt)} / {formatPrice(pricing.completion)}
      </span>
      <span className="text-xs text-ink-3">{facts.filter(Boolean).join(" · ")}</span>
      <span className="text-right text-xs text-ink-3 tabular-nums">
        {endpoint.uptime_last_30m === null ? UNKNOWN : `${trim(endpoint.uptime_last_30m)} %`} up
      </span>
    </li>
  );
}

/** The median of the last half hour, where the provider tells it. */
function latencyOf({ latency_last_30m, throughput_last_30m }: Endpoint): string {
  const latency = latency_last_30m?.p50;
  const throughput = throughput_last_30m?.p50;
  return [
    typeof latency === "number" ? `${Math.round(latency)} ms` : "",
    typeof throughput === "number" ? `${Math.round(throughput)} tok/s` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function trim(percent: number): string {
  return String(Math.floor(percent * 10) / 10);
}
