import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessageSquare } from "lucide-react";
import { useState } from "react";
import type { UsageRow } from "@/client/api";
import { settingsQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { formatMoment } from "@/lib/age";
import { UNKNOWN, formatCount, formatDuration, formatUsd } from "@/lib/format";
import { DecisionForm } from "./decision-form";
import { purposeName, stateName } from "./names";

/** The provider of an entry that names none. */
const BY_HAND = "manual";

/** One call: when (by the clock of its owner, as the days are), what for, by whom, how much, and what its cost rests on. */
export function CallRow({ row }: { row: UsageRow }) {
  const [isDeciding, setDeciding] = useState(false);
  const { model, provider, purpose, session_id, source, created_at } = row;
  const moment = formatMoment(created_at, useQuery(settingsQuery).data?.time_zone);
  const facts = [
    source === "manual" ? "Entered by hand" : purposeName(purpose),
    provider !== BY_HAND && provider,
    row.total_tokens !== null && `${formatCount(row.total_tokens)} tokens`,
    row.first_token_ms !== null && `first after ${formatDuration(row.first_token_ms)}`,
  ];
  return (
    <li
      aria-label={`Call of ${moment}`}
      className="flex flex-col gap-2 border-t border-line py-2.5 first:border-t-0"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 sm:flex-nowrap">
        <div className="min-w-0 flex-1 max-sm:basis-full">
          <p className="flex flex-wrap items-baseline gap-x-2.5 text-sm">
            <span className="min-w-0 truncate font-medium" title={model}>
              {model}
            </span>
            <span className="text-xs text-ink-3">{moment}</span>
            {row.is_failed && (
              <span className="rounded-full bg-danger-soft px-2 py-0.5 text-xs text-danger">
                Failed
              </span>
            )}
          </p>
          <p className="text-xs text-ink-3 tabular-nums">{facts.filter(Boolean).join(" · ")}</p>
        </div>
        <Cost row={row} />
        {row.state === "unknown" && (
          <Button aria-expanded={isDeciding} onClick={() => setDeciding(!isDeciding)}>
            Decide
          </Button>
        )}
        {session_id === null ? (
          <span className="w-8 flex-none pointer-coarse:w-10" />
        ) : (
          <Link
            to="/app/chat/$sessionId"
            params={{ sessionId: session_id }}
            aria-label="Open its chat"
            title="Open its chat"
            className="inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink pointer-coarse:size-10"
          >
            <MessageSquare aria-hidden className="size-4" />
          </Link>
        )}
      </div>
      {isDeciding && <DecisionForm row={row} onDone={() => setDeciding(false)} />}
    </li>
  );
}

function Cost({ row }: { row: UsageRow }) {
  const { cost_usd, reserved_usd, state } = row;
  const isOpen = state === "unknown" || state === "reserved";
  return (
    <p className="flex-none text-sm tabular-nums max-sm:flex-1 sm:text-right">
      <span className={isOpen ? "text-ink-3" : ""}>{isOpen ? UNKNOWN : formatUsd(cost_usd)}</span>
      <span
        className={`block text-xs ${state === "unknown" ? "font-medium text-warn" : "text-ink-3"}`}
      >
        {stateName(row)}
        {isOpen && reserved_usd !== null && `, ${formatUsd(reserved_usd)} held`}
      </span>
    </p>
  );
}
