import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Message, Page, Turn } from "@/client/api";
import { keys } from "@/client/queries";
import { seedRun } from "@/lib/stream/run-store";

type MessagePages = InfiniteData<Page<Message>, unknown>;

/** Ascending over all loaded pages: the newest page is loaded first, older ones come after it. */
export function messagesOf(data: MessagePages): Message[] {
  return data.pages.toReversed().flatMap((page) => page.items);
}

/** Shows a started turn at once: its answer takes the place of all that stood below the question. */
export function showTurn(client: QueryClient, turn: Turn): void {
  const { session, user_message, assistant_message } = turn;
  client.setQueryData(keys.session(session.id), session);
  client.setQueryData<MessagePages>(keys.messages(session.id), (data) =>
    withTurn(data, user_message, assistant_message),
  );
  seedRun(assistant_message);
  void client.invalidateQueries({ queryKey: keys.sessions });
}

/** The loaded pages as they are after a turn: what stood below its question, or beside it, is on another branch. */
export function withTurn(
  data: MessagePages | undefined,
  question: Message,
  answer: Message,
): MessagePages {
  const pages = data?.pages ?? [];
  const [at, kept] = cutAt(pages, question);
  const page = pages[at];
  return {
    pages: [
      {
        items: [...(page?.items.slice(0, kept) ?? []), question, answer],
        next_cursor: page?.next_cursor ?? null,
      },
      ...pages.slice(at + 1),
    ],
    // The first page is always the newest one; the others are addressed by the cursor of the page before.
    pageParams: [null, ...(data?.pageParams.slice(at + 1) ?? [])],
  };
}

/** The page that the question belongs to, and how many of its messages stand above it. */
function cutAt(pages: readonly Page<Message>[], question: Message): [page: number, kept: number] {
  for (const [at, { items }] of pages.entries()) {
    const same = items.findIndex(({ id }) => id === question.id);
    if (same !== -1) return [at, same];
    const parent = items.findIndex(({ id }) => id === question.parent_id);
    if (parent !== -1) return [at, parent + 1];
  }
  return [0, pages[0]?.items.length ?? 0];
}
