import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessageSquare } from "lucide-react";
import type { SessionCost } from "@/client/api";
import { sessionCostsQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { addDays } from "@/lib/days";
import { formatCount, formatCountShort, formatUsd, formatUsdShort } from "@/lib/format";
import { ShareBar } from "./share-bar";

/** The chats that cost most since they began. */
export function SessionCosts() {
  const query = useInfiniteQuery(sessionCostsQuery);
  if (query.isPending) return <SkeletonRows rows={4} className="h-9" />;
  if (query.data === undefined) {
    return (
      <ErrorNote title="The chats could not be listed" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  const items = query.data.pages.flatMap((page) => page.items);
  const most_usd = items[0]?.totals.cost_usd ?? 0;
  return (
    <>
      <p className="pb-1 text-xs text-ink-3">
        Since each chat began, whatever days are shown above. Deleted chats are not listed.
      </p>
      {items.length === 0 ? (
        <p className="py-3 text-sm text-ink-3">No chat yet.</p>
      ) : (
        <table className="w-full table-fixed text-sm tabular-nums">
          <caption className="sr-only">Chats</caption>
          <thead>
            <tr className="border-b border-line text-right text-xs text-ink-3 [&_th]:py-1.5 [&_th]:font-normal">
              <th scope="col" className="text-left">
                Chats
              </th>
              <th scope="col" className="w-24 sm:w-28">
                Cost
              </th>
              <th scope="col" className="hidden w-24 sm:table-cell">
                Messages
              </th>
              <th scope="col" className="hidden w-24 sm:table-cell">
                Tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.session_id} item={item} most_usd={most_usd} />
            ))}
          </tbody>
        </table>
      )}
      {query.hasNextPage && (
        <Button
          look="quiet"
          className="mt-2"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more chats
        </Button>
      )}
    </>
  );
}

function Row({ item, most_usd }: { item: SessionCost; most_usd: number }) {
  const { session_id, totals } = item;
  const title = item.title || "New chat";
  return (
    <tr className="border-b border-line text-right last:border-b-0">
      <th scope="row" className="py-1.5 pr-3 text-left font-normal">
        <span className="flex min-w-0 items-center gap-1">
          <Link
            to="/app/usage"
            search={{
              view: "calls",
              session_id,
              // A day more at both ends: the owner's days are not those of the clock here.
              from: addDays(item.created_at.slice(0, 10), -1),
              to: addDays(item.updated_at.slice(0, 10), 1),
            }}
            title={title}
            className="min-w-0 truncate rounded-sm hover:underline"
          >
            {title}
          </Link>
          <Link
            to="/app/chat/$sessionId"
            params={{ sessionId: session_id }}
            aria-label={`Open the chat ${title}`}
            className="inline-flex size-7 flex-none items-center justify-center rounded-sm text-ink-3 hover:bg-line hover:text-ink pointer-coarse:size-9"
          >
            <MessageSquare aria-hidden className="size-3.5" />
          </Link>
        </span>
        <ShareBar share={most_usd > 0 ? totals.cost_usd / most_usd : 0} />
      </th>
      <td className="truncate" title={formatUsd(totals.cost_usd)}>
        {formatUsdShort(totals.cost_usd)}
        {totals.unknown_calls > 0 && <span title="Some are of unknown cost"> + ?</span>}
      </td>
      <td className="hidden text-ink-2 sm:table-cell">{formatCount(totals.messages)}</td>
      <td
        className="hidden text-ink-2 sm:table-cell"
        title={`${formatCount(totals.prompt_tokens)} in, ${formatCount(totals.completion_tokens)} out`}
      >
        {formatCountShort(totals.total_tokens)}
      </td>
    </tr>
  );
}
