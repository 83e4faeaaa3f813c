import { type KeyboardEvent, useState } from "react";
import type { Message } from "@/client/api";
import { Button } from "@/components/button";
import { Field, TEXT_AREA } from "@/components/field";
import { SendError } from "./send-error";
import type { ToolCallPart } from "./tool-calls";
import { useSend } from "./turns";
import { useAttempt } from "./use-attempt";
import { useResults } from "./use-results";

interface ToolResultsFormProps {
  /** The newest message of the path: results are stored below it. */
  message: Message;
  /** What has no result yet. */
  calls: readonly ToolCallPart[];
}

/** The answer waits for what its tools give back: one field for each call, sent together. */
export function ToolResultsForm({ message, calls }: ToolResultsFormProps) {
  const { results, change, clear } = useResults(message);
  const [tried, setTried] = useState(false);
  const { mutate, isPending, error } = useSend();
  const { turnOf, accepted } = useAttempt();
  const isMissing = ({ id }: ToolCallPart): boolean => (results[id] ?? "").trim() === "";

  const send = (form: HTMLFormElement | null): void => {
    if (isPending) return;
    setTried(true);
    const missing = calls.findIndex(isMissing);
    if (missing !== -1) {
      form?.querySelectorAll("textarea")[missing]?.focus();
      return;
    }
    const parts = calls.map(({ id }) => ({
      type: "tool_result" as const,
      tool_call_id: id,
      content: results[id] ?? "",
    }));
    const turn = turnOf({ session_id: message.session_id, parent_id: message.id, parts });
    mutate(turn, {
      onSuccess: () => {
        accepted();
        clear();
      },
    });
  };
  const sendOnKey = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send(event.currentTarget.form);
  };
  return (
    <form
      noValidate
      aria-label="Tool results"
      onSubmit={(event) => {
        event.preventDefault();
        send(event.currentTarget);
      }}
      className="mt-4 flex flex-col gap-3 rounded-lg border border-line-strong bg-raised px-4 py-3"
    >
      <p className="text-sm text-ink-2">
        The answer goes on once{" "}
        {calls.length === 1 ? "its call has a result" : "each call has its result"}. Ask something
        else below to go on without.
      </p>
      {calls.map((call, index) => (
        <Field
          key={call.id}
          label={`Result of ${call.name}${calls.length > 1 ? ` (call ${index + 1})` : ""}`}
          problem={tried && isMissing(call) ? "Say what the tool gave back." : null}
        >
          {(control) => (
            <textarea
              {...control}
              rows={2}
              spellCheck={false}
              readOnly={isPending}
              placeholder="Text or JSON"
              value={results[call.id] ?? ""}
              onChange={(event) => change(call.id, event.target.value)}
              onKeyDown={sendOnKey}
              className={`${TEXT_AREA} font-mono`}
            />
          )}
        </Field>
      ))}
      {error && <SendError error={error} onRetry={() => send(null)} />}
      <Button
        type="submit"
        look="primary"
        disabled={isPending}
        className="self-start pointer-coarse:min-h-11"
      >
        {isPending ? "Sending…" : "Send results"}
      </Button>
    </form>
  );
}
