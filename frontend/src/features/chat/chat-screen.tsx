import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import type { Message } from "@/client/api";
import { ApiError } from "@/client/http";
import { messagesQuery, sessionQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { ScreenHeader } from "@/components/screen-header";
import { useLive } from "@/lib/stream/live";
import { seedRun } from "@/lib/stream/run-store";
import { ChatHeader } from "./chat-header";
import { parseChatSearch } from "./chat-search";
import { Composer } from "./composer";
import { EmptyChat } from "./empty-chat";
import { messagesOf } from "./message-cache";
import { type NewTurn, useSend } from "./turns";
import { useAnswerAnnouncements } from "./use-answer-announcements";
import { useRunningGeneration } from "./use-running-generation";

// Asked for at once, in parallel with the messages, so that nobody waits for it after them.
const transcript = import("./transcript");
const Transcript = lazy(() => transcript);

const ContextSheet = lazy(() => import("./context-sheet"));
const UsageSheet = lazy(() => import("./usage-sheet"));

const NO_MESSAGES: Message[] = [];

/** A conversation, or the start of one when it has no id yet. */
export function ChatScreen({ sessionId }: { sessionId: string | null }) {
  const navigate = useNavigate();
  const sheet = parseChatSearch(useSearch({ strict: false }));
  const session = useQuery({ ...sessionQuery(sessionId ?? ""), enabled: sessionId !== null });
  const pages = useInfiniteQuery({
    ...messagesQuery(sessionId ?? ""),
    enabled: sessionId !== null,
  });
  const messages = useMemo(() => (pages.data ? messagesOf(pages.data) : NO_MESSAGES), [pages.data]);
  const [sending, setSending] = useState<NewTurn | null>(null);
  const send = useSend();

  useWatch(sessionId, messages, pages.isSuccess);
  const running = useRunningGeneration(messages);
  useAnswerAnnouncements(messages, running);

  const submit = async (turn: NewTurn): Promise<void> => {
    setSending(turn);
    try {
      const started = await send.mutateAsync(turn);
      if (sessionId === null) {
        await navigate({ to: "/app/chat/$sessionId", params: { sessionId: started.session.id } });
      }
    } finally {
      setSending(null);
    }
  };

  const closeSheet = (): void => void navigate({ to: ".", search: {}, replace: true });
  if (session.error instanceof ApiError && session.error.status === 404) return <GoneChat />;
  const empty = messages.length === 0 && sending === null;
  return (
    <>
      <ChatHeader session={session.data} isNew={sessionId === null} />
      {empty && (sessionId === null || pages.isSuccess) ? (
        <EmptyChat />
      ) : (
        <Suspense fallback={<div className="flex-1" />}>
          <Transcript
            messages={messages}
            sending={sending}
            busy={running !== null}
            hasOlder={pages.hasNextPage}
            loadingOlder={pages.isFetchingNextPage}
            onLoadOlder={() => void pages.fetchNextPage()}
            failed={pages.isError && pages.data === undefined}
            onRetry={() => void pages.refetch()}
          />
        </Suspense>
      )}
      <Composer
        sessionId={sessionId}
        session={session.data}
        runningGenerationId={running}
        onSend={submit}
      />
      <Suspense>
        {session.data && sheet.context && (
          <ContextSheet session={session.data} onClose={closeSheet} />
        )}
        {session.data && sheet.usage && <UsageSheet session={session.data} onClose={closeSheet} />}
      </Suspense>
    </>
  );
}

/** Watches the session once its running answers are seeded, so that only what is missing is sent. */
function useWatch(sessionId: string | null, messages: Message[], loaded: boolean): void {
  const live = useLive();
  useEffect(() => {
    for (const message of messages) seedRun(message);
    if (sessionId === null || loaded) live.watch(sessionId);
  }, [live, sessionId, messages, loaded]);
}

function GoneChat() {
  const navigate = useNavigate();
  return (
    <>
      <ScreenHeader title="This chat is gone" />
      <div className="m-auto flex flex-col items-start gap-3 p-6">
        <p className="text-ink-2">It was deleted, or the link is not complete.</p>
        <Button look="primary" onClick={() => void navigate({ to: "/" })}>
          Start a new chat
        </Button>
      </div>
    </>
  );
}
