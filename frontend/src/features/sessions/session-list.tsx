import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import type { Session } from "@/client/api";
import { sessionsQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { type DateGroup, groupByDate } from "@/lib/date-groups";
import { useShortcut } from "@/lib/shortcuts";
import { usePendingDeletes } from "./delete-session";
import { SessionRow } from "./session-row";

/** Stored conversations, newest first, pinned ones on top. */
export function SessionList() {
  const [text, setText] = useState("");
  const query = useInfiniteQuery(sessionsQuery(useDeferredValue(text.trim())));
  const deleting = usePendingDeletes((state) => state.ids);
  const groups = useMemo(() => {
    const loaded = query.data?.pages.flatMap((page) => page.items) ?? [];
    return groupSessions(loaded.filter(({ id }) => !deleting.has(id)));
  }, [query.data, deleting]);
  useNeighbourShortcuts(groups);

  return (
    <>
      <div className="px-2 pb-2">
        <label className="flex min-h-9 items-center gap-2.5 rounded-md px-2 text-ink-3 focus-within:bg-raised focus-within:ring-1 focus-within:ring-line-strong hover:bg-hover">
          <Search aria-hidden className="size-4" />
          <input
            type="search"
            aria-label="Search chats"
            placeholder="Search"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="min-w-0 flex-1 bg-transparent text-sm text-ink outline-none placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden"
          />
        </label>
      </div>
      <nav
        aria-label="Chats"
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pb-4"
      >
        {query.isError && query.data === undefined && (
          <ListNote>
            The chats could not be loaded.
            <Button onClick={() => void query.refetch()}>Try again</Button>
          </ListNote>
        )}
        {query.isSuccess && groups.length === 0 && (
          <ListNote>
            {text ? `No chat matches “${text}”.` : "Chats you start are kept here."}
          </ListNote>
        )}
        {groups.map((group) => (
          <section key={group.label} aria-label={group.label}>
            <h2 className="px-2 pt-4 pb-1 text-xs font-medium text-ink-3">{group.label}</h2>
            <ul className="flex flex-col gap-px">
              {group.items.map((session) => (
                <SessionRow key={session.id} session={session} />
              ))}
            </ul>
          </section>
        ))}
        {query.hasNextPage && (
          <Button
            look="quiet"
            className="mt-2 w-full"
            disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show older chats
          </Button>
        )}
      </nav>
    </>
  );
}

function ListNote({ children }: { children: React.ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-2 px-2 py-4 text-sm text-ink-3">{children}</div>
  );
}

function groupSessions(sessions: readonly Session[]): DateGroup<Session>[] {
  const pinned = sessions.filter((session) => session.pinned);
  const others = groupByDate(
    sessions.filter((session) => !session.pinned),
    (session) => session.updated_at,
  );
  return pinned.length > 0 ? [{ label: "Pinned", items: pinned }, ...others] : others;
}

function useNeighbourShortcuts(groups: readonly DateGroup<Session>[]): void {
  const navigate = useNavigate();
  const { sessionId } = useParams({ strict: false });
  const go = (step: number): void => {
    const ids = groups.flatMap((group) => group.items.map(({ id }) => id));
    const current = sessionId === undefined ? -1 : ids.indexOf(sessionId);
    const next = ids[current === -1 ? 0 : current + step];
    if (next !== undefined) {
      void navigate({ to: "/app/chat/$sessionId", params: { sessionId: next } });
    }
  };
  useShortcut("previousSession", () => go(-1));
  useShortcut("nextSession", () => go(1));
}
