import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import type { Message } from "@/client/api";
import { Button } from "@/components/button";
import { MessageRow, SendingRow } from "./message-row";
import { readToolCalls } from "./tool-calls";
import { ToolCallsContext } from "./tool-calls-context";
import type { NewTurn } from "./turns";
import { useContextCut } from "./use-context-cut";
import { FOLLOW_THRESHOLD_PX, useFollow } from "./use-follow";
import { useMessageKeys } from "./use-message-keys";

interface TranscriptProps {
  messages: readonly Message[];
  /** The turn that is on its way to the server: shown at once, replaced by what the server stored. */
  sending: NewTurn | null;
  /** An answer is being written. */
  busy: boolean;
  hasOlder: boolean;
  loadingOlder: boolean;
  onLoadOlder: () => void;
  failed: boolean;
  onRetry: () => void;
}

const ESTIMATED_ROW_PX = 160;
const LOAD_OLDER_WITHIN_PX = 600;

export default function Transcript(props: TranscriptProps) {
  "use no memo";
  const { messages, sending, hasOlder, loadingOlder, onLoadOlder } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const count = messages.length + (sending ? 1 : 0);
  const { following, follow, onScroll } = useFollow(scroller, content);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    getItemKey: (index) => messages[index]?.id ?? "sending",
    overscan: 4,
    paddingStart: 24,
    paddingEnd: 24,
    anchorTo: "end",
    followOnAppend: following,
    scrollEndThreshold: following ? FOLLOW_THRESHOLD_PX : -1,
  });
  const toolCalls = useMemo(() => readToolCalls(messages), [messages]);
  const cut = useContextCut(messages);
  const moveToMessage = useMessageKeys(virtualizer, messages);

  // Opens at the newest message, and goes there for what the reader sends.
  useEffect(() => {
    if (count === 0) return;
    follow();
    virtualizer.scrollToEnd();
    // oxlint-disable-next-line react/exhaustive-deps -- only when a turn is sent or the first page is there
  }, [sending !== null, count === 0]);

  const jump = (): void => {
    follow();
    virtualizer.scrollToEnd();
  };
  const loadOlder = (): void => {
    const top = scroller.current?.scrollTop ?? Infinity;
    if (top < LOAD_OLDER_WITHIN_PX && hasOlder && !loadingOlder) onLoadOlder();
  };
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys move the focus between messages */}
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label="Conversation"
        aria-busy={props.busy}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
        tabIndex={0}
        onKeyDown={moveToMessage}
        onScroll={() => {
          onScroll();
          loadOlder();
        }}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain [overflow-anchor:none] focus-visible:outline-offset-[-2px]"
      >
        {props.failed && (
          <div role="alert" className="column flex flex-col items-start gap-3 py-8">
            The messages could not be loaded.
            <Button onClick={props.onRetry}>Try again</Button>
          </div>
        )}
        <div
          ref={content}
          className="relative w-full"
          style={{ height: virtualizer.getTotalSize() }}
        >
          <ToolCallsContext value={toolCalls}>
            {virtualizer.getVirtualItems().map((row) => {
              const message = messages[row.index];
              return (
                <div
                  key={row.key}
                  ref={virtualizer.measureElement}
                  data-index={row.index}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  {message ? (
                    <MessageRow
                      message={message}
                      isLast={row.index === count - 1}
                      cut={cut?.first_kept_id === message.id ? cut : null}
                    />
                  ) : (
                    sending && <SendingRow turn={sending} />
                  )}
                </div>
              );
            })}
          </ToolCallsContext>
        </div>
      </div>
      {!following && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button className="pointer-events-auto rounded-full shadow-pop" onClick={jump}>
            <ArrowDown aria-hidden />
            Jump to latest
          </Button>
        </div>
      )}
    </div>
  );
}
