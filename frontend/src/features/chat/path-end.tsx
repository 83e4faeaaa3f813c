import { use } from "react";
import type { Message } from "@/client/api";
import { Button } from "@/components/button";
import { SendError } from "./send-error";
import { ToolCallsContext } from "./tool-calls-context";
import { ToolResultsForm } from "./tool-results-form";
import { useSend } from "./turns";

/** What the newest message of a path waits for: results of its tools, an answer, or nothing. */
export default function PathEnd({ message }: { message: Message }) {
  const { open } = use(ToolCallsContext);
  if (open.length > 0) return <ToolResultsForm key={message.id} message={message} calls={open} />;
  const isUnanswered = message.role === "user" || message.role === "tool";
  return isUnanswered && <Unanswered message={message} />;
}

/** Stored by another program, or before the console was stopped: nobody has answered it. */
function Unanswered({ message }: { message: Message }) {
  const { mutate, isPending, error } = useSend();
  const answer = (): void =>
    mutate({
      session_id: message.session_id,
      parent_id: message.id,
      request_id: `answer:${message.id}`,
    });
  return (
    <div className="mt-3 flex flex-col items-start gap-2">
      {error && <SendError error={error} onRetry={answer} />}
      {!error && (
        <Button disabled={isPending} onClick={answer}>
          {isPending ? "Asking…" : "Get the answer"}
        </Button>
      )}
    </div>
  );
}
