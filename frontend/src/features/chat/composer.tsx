import { ArrowUp, Square } from "lucide-react";
import { Suspense, type SyntheticEvent, lazy, useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { ImagePart, Session } from "@/client/api";
import { settingsQuery } from "@/client/queries";
import { IconButton } from "@/components/icon-button";
import { useShortcut } from "@/lib/shortcuts";
import { composerKey } from "./composer-keys";
import { SendError } from "./send-error";
import { type NewTurn, useStop } from "./turns";
import { useAttempt } from "./use-attempt";
import { useChoice } from "./use-choice";
import { useDraft } from "./use-draft";
import { useImageRefusal } from "./use-image-refusal";
import { useImages } from "./use-images";

interface ComposerProps {
  sessionId: string | null;
  session: Session | undefined;
  runningGenerationId: string | null;
  /** Resolves once the server has stored the turn; rejects when it has not. */
  onSend: (turn: NewTurn) => Promise<void>;
}

const Pickers = lazy(() => import("./pickers"));
const Attachments = lazy(() => import("./attachments"));
const ComposerMoney = lazy(() => import("./composer-money"));

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
  const images = useImages(sessionId);
  const refusal = useImageRefusal(choice.effectiveModel, images.parts.length > 0);
  const isEmpty = text.trim() === "" && images.parts.length === 0;
  const [banner, setBanner] = useState<HTMLElement | null>(null);
  const body = {
    ...contentsOf(text.trim(), images.parts),
    ...(sessionId === null ? {} : { session_id: sessionId }),
    ...(choice.model === null ? {} : { model: choice.model }),
    ...(choice.profile_id === null ? {} : { profile_id: choice.profile_id }),
  };

  useEffect(() => {
    if (!isTouch()) field.current?.focus();
  }, []);

  const send = async (): Promise<void> => {
    if (isEmpty || refusal !== null || sending || runningGenerationId !== null) return;
    setSending(true);
    setError(null);
    try {
      await onSend(turnOf(body));
      accepted();
      images.clear();
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
  /** Takes the files of a paste or a drop; text goes its usual way. */
  const attach = (event: SyntheticEvent, { files }: DataTransfer): void => {
    if (files.length === 0 || sending) return;
    event.preventDefault();
    void images.add([...files]);
  };
  useShortcut("stop", stopNow, runningGenerationId !== null);

  return (
    <div className="column flex-none pb-1">
      <div ref={setBanner} />
      {error && <SendError error={error} onRetry={() => void send()} />}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- files are dropped anywhere on it; the button takes them too */}
      <form
        aria-label="New message"
        onDragOver={(event) => {
          if (event.dataTransfer.types.includes("Files")) event.preventDefault();
        }}
        onDrop={(event) => attach(event, event.dataTransfer)}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
        className="rounded-lg border border-line-strong bg-raised shadow-[0_1px_3px_rgb(40_35_25/5%)] transition-colors focus-within:border-accent"
      >
        {(images.parts.length > 0 || images.problem !== null) && (
          <Suspense>
            <Attachments
              images={images}
              refusal={refusal}
              isKept={sessionId !== null}
              returnFocus={() => field.current}
            />
          </Suspense>
        )}
        <textarea
          ref={field}
          aria-label="Message"
          placeholder="Ask anything"
          rows={2}
          value={text}
          readOnly={sending}
          aria-busy={sending}
          onChange={(event) => setText(event.target.value)}
          onPaste={(event) => {
            // Copied from a document, words come with a picture of themselves: the words are meant.
            if (event.clipboardData.types.includes("text/plain")) return;
            attach(event, event.clipboardData);
          }}
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
            <Pickers
              choice={choice}
              onPickImages={(files) => void images.add(files)}
              returnFocus={() => field.current}
            />
          </Suspense>
          <span className="flex-1" />
          {runningGenerationId === null ? (
            <IconButton
              label="Send"
              type="submit"
              disabled={isEmpty || refusal !== null || sending}
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
      <div className="flex min-h-6 flex-wrap items-center gap-x-3 px-1 text-xs text-ink-3 tabular-nums">
        <Suspense>
          <ComposerMoney
            counted={{ sessionId, model: choice.effectiveModel, profile_id: choice.profile_id }}
            body={isEmpty || refusal !== null ? null : body}
            banner={banner}
          />
        </Suspense>
      </div>
    </div>
  );
}

const SEND_CLASS =
  "bg-accent !text-on-accent enabled:hover:!bg-accent-strong disabled:!bg-line disabled:!text-ink-3 disabled:opacity-100";

function contentsOf(
  content: string,
  images: readonly ImagePart[],
): Pick<NewTurn, "content" | "parts"> {
  if (images.length === 0) return { content };
  return {
    parts: [...(content === "" ? [] : [{ type: "text" as const, text: content }]), ...images],
  };
}
