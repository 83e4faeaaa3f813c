import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Totals } from "@/client/api";
import {
  UNKNOWN,
  formatCount,
  formatCountShort,
  formatDuration,
  formatRate,
  formatShare,
  formatUsd,
  formatUsdShort,
  plural,
} from "@/lib/format";
import type { UsageSearch } from "./search";

interface FiguresProps {
  totals: Totals | undefined;
  search: UsageSearch;
}

/** What it came to. What is not known, only held, or entered by hand is in no sum and stands apart. */
export function Figures({ totals, search }: FiguresProps) {
  return (
    <section aria-label="Figures" aria-busy={totals === undefined}>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-5">
        <Figure name="Cost" of={totals} exact={({ cost_usd }) => formatUsd(cost_usd)}>
          {({ cost_usd }) => formatUsdShort(cost_usd)}
        </Figure>
        <Figure name="Calls" of={totals} exact={({ calls }) => formatCount(calls)}>
          {({ calls }) => formatCountShort(calls)}
        </Figure>
        <Figure
          name="Tokens"
          of={totals}
          exact={tokensOf}
          note={({ prompt_tokens, completion_tokens }) =>
            `${formatCountShort(prompt_tokens)} in, ${formatCountShort(completion_tokens)} out`
          }
        >
          {({ total_tokens }) => formatCountShort(total_tokens)}
        </Figure>
        <Figure
          name="First token"
          of={totals}
          note={({ tokens_per_second }) =>
            tokens_per_second === null ? "" : `then ${formatRate(tokens_per_second)}`
          }
        >
          {({ first_token_ms }) => formatDuration(first_token_ms)}
        </Figure>
        <Figure
          name="Failed"
          of={totals}
          note={({ failed_calls }) => (failed_calls > 0 ? plural(failed_calls, "call") : "")}
        >
          {({ error_rate }) => formatShare(error_rate)}
        </Figure>
      </dl>
      <div className="flex min-h-8 flex-wrap items-center gap-x-6 gap-y-1 pt-4 text-sm text-ink-2">
        {totals && <Apart totals={totals} search={search} />}
      </div>
    </section>
  );
}

function Apart({ totals, search }: { totals: Totals; search: UsageSearch }) {
  const { unknown_calls, reserved_usd, manual_cost_usd } = totals;
  return (
    <>
      {unknown_calls > 0 && (
        <Link
          to="/app/usage"
          search={{ ...search, view: "calls", state: "unknown" }}
          className="rounded-sm underline decoration-warn decoration-2 underline-offset-3"
        >
          {plural(unknown_calls, "call")} of unknown cost
        </Link>
      )}
      {reserved_usd > 0 && (
        <span title={formatUsd(reserved_usd)}>
          {formatUsdShort(reserved_usd)} held for calls under way
        </span>
      )}
      {manual_cost_usd > 0 && (
        <Link
          to="/app/usage"
          search={{ ...search, view: "calls", source: "manual" }}
          className="rounded-sm underline decoration-line-strong underline-offset-3"
        >
          {formatUsdShort(manual_cost_usd)} entered by hand
        </Link>
      )}
      {unknown_calls === 0 && reserved_usd === 0 && (
        <span className="text-ink-3">
          {totals.calls === 0 ? "No call in these days." : "The cost of every call is settled."}
        </span>
      )}
    </>
  );
}

function tokensOf({ prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens }: Totals) {
  return [
    `${formatCount(prompt_tokens)} in (${formatCount(cached_tokens)} cached)`,
    `${formatCount(completion_tokens)} out (${formatCount(reasoning_tokens)} reasoning)`,
  ].join(", ");
}

interface FigureProps {
  name: string;
  of: Totals | undefined;
  /** To the last digit, for whoever points at it. */
  exact?: (totals: Totals) => string;
  note?: (totals: Totals) => string;
  children: (totals: Totals) => ReactNode;
}

function Figure({ name, of, exact, note, children }: FigureProps) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd
        className="text-xl font-semibold tracking-tight tabular-nums"
        title={of && exact ? exact(of) : undefined}
      >
        {of ? children(of) : <span className="text-ink-3">{UNKNOWN}</span>}
      </dd>
      <dd className="min-h-[1lh] text-xs text-ink-3 tabular-nums">{of && note?.(of)}</dd>
    </div>
  );
}
