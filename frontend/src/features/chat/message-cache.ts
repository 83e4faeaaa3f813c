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

export function withTurn(
  data: MessagePages | undefined,
  question: Message,
  answer: Message,
): MessagePages {
  const [newest, ...older] = data?.pages ?? [];
  if (!data || !newest) {
    return { pages: [{ items: [question, answer], next_cursor: null }], pageParams: [null] };
  }
  const index = newest.items.findIndex(({ id }) => id === question.id);
  const kept = index === -1 ? newest.items : newest.items.slice(0, index);
  return {
    ...data,
    pages: [{ ...newest, items: [...kept, question, answer] }, ...older],
  };
}
