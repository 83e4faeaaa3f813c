import { useEffect, useRef } from "react";
import type { Message } from "@/client/api";
import { announce } from "@/lib/announcer";
import { countWords, plural } from "@/lib/format";
import { useRuns } from "@/lib/stream/run-store";
import { STATUS_TEXTS } from "./status-texts";

/** Tells screen readers once when an answer has ended; what streams is never read out. */
export function useAnswerAnnouncements(messages: readonly Message[], running: string | null): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    const ended = before.current;
    before.current = running;
    if (ended === null || running !== null) return;
    const stored = messages.find(({ generation_id }) => generation_id === ended);
    const answer = useRuns.getState().runs[ended]?.view ?? stored;
    if (!answer) return;
    const words = plural(countWords(answer.content), "word");
    announce(
      answer.status === "completed"
        ? `Answer complete, ${words}`
        : `${STATUS_TEXTS[answer.status] ?? "Ended"}, ${words}`,
    );
  }, [messages, running]);
}
