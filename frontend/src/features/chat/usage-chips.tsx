import type { ReactNode } from "react";
import type { Usage } from "@/client/api";
import { TipButton } from "@/components/tip-button";
import { UNKNOWN, formatCount, formatDuration, formatRate, formatUsd } from "@/lib/format";

interface UsageChipsProps {
  model: string | null;
  usage: Usage | null;
}

/** What an answer took: model, tokens, cost, time to the first token, speed. */
export function UsageChips({ model, usage }: UsageChipsProps) {
  const answeredBy = usage?.model ?? model;
  return (
    <ul
      aria-label="Usage"
      className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-xs text-ink-3 tabular-nums"
    >
      {answeredBy && <Chip tip={providerTip(usage)}>{answeredBy}</Chip>}
      {usage && usage.total_tokens !== null && (
        <Chip tip={tokenTip(usage)}>{formatCount(usage.total_tokens)} tokens</Chip>
      )}
      <Chip tip={costTip(usage)}>{usage ? formatUsd(usage.cost_usd) : UNKNOWN}</Chip>
      {usage && usage.first_token_ms !== null && (
        <Chip tip="Time to the first token">{formatDuration(usage.first_token_ms)}</Chip>
      )}
      {usage && usage.tokens_per_second !== null && (
        <Chip tip="Tokens per second after the first">{formatRate(usage.tokens_per_second)}</Chip>
      )}
    </ul>
  );
}

function Chip({ tip, children }: { tip: string; children: ReactNode }) {
  return (
    <li>
      <TipButton tip={tip} className="min-h-6">
        {children}
      </TipButton>
    </li>
  );
}

function providerTip(usage: Usage | null): string {
  return usage?.provider ? `Model, served by ${usage.provider}` : "Model";
}

function tokenTip(usage: Usage): string {
  const parts = [
    `${formatCount(usage.prompt_tokens)} in`,
    usage.cached_tokens ? `(${formatCount(usage.cached_tokens)} cached)` : "",
    `· ${formatCount(usage.completion_tokens)} out`,
    usage.reasoning_tokens ? `(${formatCount(usage.reasoning_tokens)} reasoning)` : "",
  ];
  return parts.filter(Boolean).join(" ");
}

function costTip(usage: Usage | null): string {
  if (usage === null || usage.cost_usd === null) {
    return "The cost is not known. It is never shown as zero.";
  }
  return usage.cost_state === "estimated"
    ? "Estimated from the model's prices"
    : "Cost as the provider stated it";
}
