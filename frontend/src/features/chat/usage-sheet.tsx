import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { Session, Totals } from "@/client/api";
import { sessionUsageQuery } from "@/client/usage";
import { Button, buttonClass } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { addDays } from "@/lib/days";
import { formatCount, formatUsd, plural } from "@/lib/format";

interface UsageSheetProps {
  session: Session;
  onClose: () => void;
}

/** What a chat cost: in all, on the path that is shown, and by model. */
export default function UsageSheet({ session, onClose }: UsageSheetProps) {
  const { data, error, isPending, refetch } = useQuery(sessionUsageQuery(session.id));
  return (
    <Dialog.Root open onOpenChange={(opens) => !opens && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-canvas shadow-pop transition-transform outline-none data-ending-style:translate-x-full data-starting-style:translate-x-full sm:w-md">
          <div className="flex min-h-12 flex-none items-center gap-2 border-b border-line py-2 pr-2 pl-5">
            <Dialog.Title className="min-w-0 flex-1 font-semibold">
              What this chat cost
            </Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              className="inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink pointer-coarse:size-10"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <div
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
            tabIndex={0}
            role="region"
            aria-label="Costs"
            className="flex min-h-0 flex-1 flex-col gap-6 overflow-y-auto px-5 py-4 -outline-offset-2"
          >
            {isPending && <SkeletonRows rows={3} className="h-12" />}
            {error && data === undefined && (
              <ErrorNote title="The costs could not be loaded" error={error}>
                <Button onClick={() => void refetch()}>Try again</Button>
              </ErrorNote>
            )}
            {data && (
              <>
                <dl className="flex flex-col gap-4">
                  <Sum name="In all" totals={data.totals} isMain />
                  {data.branch && <Sum name="The versions that are shown" totals={data.branch} />}
                </dl>
                <ul aria-label="By model" className="flex flex-col">
                  {data.by_model.map((totals) => (
                    <Part
                      key={totals.model}
                      name={totals.model}
                      totals={totals}
                      of_usd={data.totals.cost_usd}
                    />
                  ))}
                </ul>
                <Link
                  to="/app/usage"
                  search={{ view: "calls", session_id: session.id, ...daysOf(session) }}
                  className={`${buttonClass()} self-start pointer-coarse:min-h-11`}
                >
                  Every call of it
                </Link>
              </>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface SumProps {
  name: string;
  totals: Totals;
  isMain?: boolean;
}

function Sum({ name, totals, isMain = false }: SumProps) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className={`tabular-nums ${isMain ? "text-xl font-semibold tracking-tight" : "text-lg"}`}>
        {costOf(totals)}
      </dd>
      <dd className="text-xs text-ink-3 tabular-nums">{factsOf(totals)}</dd>
    </div>
  );
}

interface PartProps {
  name: string;
  totals: Totals;
  of_usd: number;
}

function Part({ name, totals, of_usd }: PartProps) {
  return (
    <li className="border-t border-line py-2.5 text-sm first:border-t-0">
      <p className="flex justify-between gap-4">
        <span className="min-w-0 truncate" title={name}>
          {name}
        </span>
        <span className="flex-none tabular-nums">{costOf(totals)}</span>
      </p>
      <svg
        aria-hidden
        viewBox="0 0 1 1"
        preserveAspectRatio="none"
        className="my-1 h-1 w-full rounded-full"
      >
        <rect width={1} height={1} className="fill-hover" />
        <rect
          width={of_usd > 0 ? totals.cost_usd / of_usd : 0}
          height={1}
          className="fill-chart-1"
        />
      </svg>
      <p className="text-xs text-ink-3 tabular-nums">{factsOf(totals)}</p>
    </li>
  );
}

/** To the last digit; what is not known is no part of it. */
function costOf({ cost_usd, unknown_calls }: Totals): string {
  return unknown_calls > 0 ? `${formatUsd(cost_usd)} + ?` : formatUsd(cost_usd);
}

function factsOf(totals: Totals): string {
  const { calls, prompt_tokens, completion_tokens, unknown_calls } = totals;
  return [
    plural(calls, "call"),
    `${formatCount(prompt_tokens)} tokens in, ${formatCount(completion_tokens)} out`,
    unknown_calls > 0 && `${formatCount(unknown_calls)} of unknown cost`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** A day more at both ends: the owner's days are not those of the clock here. */
function daysOf({ created_at, updated_at }: Session): { from: string; to: string } {
  return { from: addDays(created_at.slice(0, 10), -1), to: addDays(updated_at.slice(0, 10), 1) };
}
