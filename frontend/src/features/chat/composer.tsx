import { ArrowUp, Square } from "lucide-react";
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { Session } from "@/client/api";
import { settingsQuery } from "@/client/queries";
import { IconButton } from "@/components/icon-button";
import { useShortcut } from "@/lib/shortcuts";
import { composerKey } from "./composer-keys";
import { SendError } from "./send-error";
import { type NewTurn, useStop } from "./turns";
import { useAttempt } from "./use-attempt";
import { useChoice } from "./use-choice";
import { useDraft } from "./use-draft";

interface ComposerProps {
  sessionId: string | null;
  session: Session | undefined;
  runningGenerationId: string | null;
  /** Resolves once the server has stored the turn; rejects when it has not. */
  onSend: (turn: NewTurn) => Promise<void>;
}

const Pickers = lazy(() => import("./pickers"));

const isTouch = (): boolean => window.matchMedia("(pointer: coarse)").matches;

/** Where the reader writes. Its text leaves only after the server has it. */
export function Composer({ sessionId, session, runningGenerationId, onSend }: ComposerProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { text, setText, clear } = useDraft(sessionId);
  const choice = useChoice(session);
  const sendKey = useQuery(settingsQuery).data?.send_key ?? "enter";
  const stop = useStop();
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const { turnOf, accepted } = useAttempt();

  useEffect(() => {
    if (!isTouch()) field.current?.focus();
  }, []);

  const send = async (): Promise<void> => {
    const content = text.trim();
    if (content === "" || sending || runningGenerationId !== null) return;
    const body = {
      content,
      ...(sessionId === null ? {} : { session_id: sessionId }),
      ...(choice.model === null ? {} : { model: choice.model }),
      ...(choice.profile_id === null ? {} : { profile_id: choice.profile_id }),
    };
    setSending(true);
    setError(null);
    try {
      await onSend(turnOf(body));
      accepted();
      clear();
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setSending(false);
    }
  };
  const stopNow = (): void => {
    if (runningGenerationId === null) return;
    stop.mutate(runningGenerationId);
    field.current?.focus();
  };
  useShortcut("stop", stopNow, runningGenerationId !== null);

  return (
    <div className="column flex-none pb-4">
      {error && <SendError error={error} onRetry={() => void send()} />}
      <form
        aria-label="New message"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
        className="rounded-lg border border-line-strong bg-raised shadow-[0_1px_3px_rgb(40_35_25/5%)] transition-colors focus-within:border-accent"
      >
        <textarea
          ref={field}
          aria-label="Message"
          placeholder="Ask anything"
          rows={2}
          value={text}
          readOnly={sending}
          aria-busy={sending}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            const action = composerKey(event.nativeEvent, { sendKey, isTouch: isTouch() });
            if (action !== "send") return;
            event.preventDefault();
            void send();
          }}
          className="block field-sizing-content max-h-[min(40vh,24rem)] min-h-16 w-full resize-none bg-transparent px-4 pt-3 pb-1 outline-none placeholder:text-ink-3"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          <Suspense fallback={<span className="min-h-8 pointer-coarse:min-h-10" />}>
            <Pickers choice={choice} returnFocus={() => field.current} />
          </Suspense>
          <span className="flex-1" />
          {runningGenerationId === null ? (
            <IconButton
              label="Send"
              type="submit"
              disabled={text.trim() === "" || sending}
              className={SEND_CLASS}
            >
              <ArrowUp aria-hidden />
            </IconButton>
          ) : (
            <IconButton
              label="Stop (Escape)"
              disabled={stop.isPending}
              onClick={stopNow}
              className={SEND_CLASS}
            >
              <Square aria-hidden className="fill-current" />
            </IconButton>
          )}
        </div>
      </form>
    </div>
  );
}

const SEND_CLASS =
  "bg-accent !text-on-accent hover:!bg-accent-strong disabled:bg-line disabled:!text-ink-3 disabled:opacity-100";
