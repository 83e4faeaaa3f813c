import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DriftDay } from "@/client/api";
import { type Span, driftQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { formatDay } from "@/lib/days";
import { formatCount, formatUsd, plural } from "@/lib/format";
import { CallRow } from "./call-row";

/** Ours against the provider's book, by day and model: what differs, or why it cannot be compared. */
export function DriftList({ span, today }: { span: Span; today: string }) {
  const { data, error, isPending, refetch } = useQuery(driftQuery(span));
  const differing = data?.days.filter(({ verdict }) => verdict !== "same") ?? [];
  const equal = (data?.days.length ?? 0) - differing.length;
  return (
    <section aria-labelledby="usage-drift" className="flex flex-col gap-3">
      <div>
        <h2 id="usage-drift" className="font-semibold">
          Ours against the provider’s
        </h2>
        <p className="text-sm text-ink-2">
          The provider’s own record of the same calls, by its days, which are UTC.
        </p>
      </div>
      {isPending && <SkeletonRows rows={3} className="h-10" />}
      {error && (
        <ErrorNote title="It cannot be compared" error={error}>
          <Button onClick={() => void refetch()}>Try again</Button>
        </ErrorNote>
      )}
      {data && differing.length === 0 && equal > 0 && (
        <p role="status" className="rounded-lg border border-line bg-accent-soft px-4 py-3 text-sm">
          <span className="font-medium">No difference</span> in {plural(equal, "sum")} of a day and
          a model, as far as the provider writes its figures out.
        </p>
      )}
      {data && data.days.length === 0 && data.not_compared.length === 0 && (
        <p className="text-sm text-ink-3">No call in these days, here or there.</p>
      )}
      {data && data.not_compared.length > 0 && (
        <ul aria-label="Not compared" className="flex flex-col gap-1 text-sm text-ink-2">
          {data.not_compared.map(({ reason, message, from, to }) => (
            <li
              key={`${reason} ${from}`}
              className="rounded-lg border border-line bg-warn-soft px-4 py-2.5"
            >
              <span className="font-medium">
                {from === to
                  ? formatDay(from, today)
                  : `${formatDay(from, today)} to ${formatDay(to, today)}`}
              </span>
              : {message}
            </li>
          ))}
        </ul>
      )}
      {differing.length > 0 && (
        <>
          <ul aria-label="Differences" className="flex flex-col">
            {differing.map((day) => (
              <Difference key={`${day.day} ${day.model}`} of={day} today={today} />
            ))}
          </ul>
          {equal > 0 && (
            <p className="text-sm text-ink-3">{plural(equal, "other sum")} without a difference.</p>
          )}
        </>
      )}
    </section>
  );
}

/** What the comparison came to, where the books are not the same. */
const VERDICTS: Record<Exclude<DriftDay["verdict"], "same">, string> = {
  differs: "Differs",
  ours_only: "Not in the provider’s book",
  theirs_only: "By another program",
  shared: "Other programs asked it too",
};

function Verdict({ verdict }: Pick<DriftDay, "verdict">) {
  if (verdict === "same") return null;
  const isOdd = verdict === "differs" || verdict === "ours_only";
  return (
    <span
      className={`rounded-full px-2 py-0.5 text-xs ${isOdd ? "bg-warn-soft text-warn" : "bg-hover text-ink-2"}`}
    >
      {VERDICTS[verdict]}
    </span>
  );
}

function Difference({ of, today }: { of: DriftDay; today: string }) {
  const [isOpen, setOpen] = useState(false);
  const day = formatDay(of.day, today);
  return (
    <li className="flex flex-col gap-1 border-t border-line py-2.5 text-sm first:border-t-0">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <p className="min-w-48 flex-1">
          <span className="font-medium">{of.model}</span> <span className="text-ink-3">{day}</span>{" "}
          <Verdict verdict={of.verdict} />
        </p>
        <p className="text-xs text-ink-2 tabular-nums">
          ours {formatUsd(of.ours_usd)} in {formatCount(of.our_calls)} · theirs{" "}
          {formatUsd(of.theirs_usd)} in {formatCount(of.their_calls)}
          {of.unknown_calls > 0 && ` · ${formatCount(of.unknown_calls)} of unknown cost`}
        </p>
        <p className="font-medium tabular-nums">{signed(of.difference_usd)}</p>
        {of.rows.length > 0 && (
          <Button look="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {plural(of.rows.length, "row")}
          </Button>
        )}
      </div>
      {isOpen && (
        <ul aria-label={`Rows of ${of.model}, ${day}`} className="flex flex-col pl-4">
          {of.rows.map((row) => (
            <CallRow key={row.id} row={row} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Theirs less ours. */
function signed(usd: number): string {
  return usd > 0 ? `+${formatUsd(usd)}` : formatUsd(usd);
}
