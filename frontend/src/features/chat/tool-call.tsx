import { Wrench } from "lucide-react";
import { use } from "react";
import { CodeBlock } from "@/lib/markdown/code-block";
import { prettyJson } from "@/lib/pretty-json";
import { type ToolCallPart, type ToolCalls, keyOf } from "./tool-calls";
import { ToolCallsContext } from "./tool-calls-context";

interface ToolCallProps {
  call: ToolCallPart;
  /** Of the answer that made the call. */
  messageId: string;
  /** The answer is still being written. */
  streaming: boolean;
}

/** A tool that the model asked for. The console shows the call; it does not run it. */
export function ToolCall({ call, messageId, streaming }: ToolCallProps) {
  const state = stateOf(use(ToolCallsContext), call, messageId);
  return (
    <section aria-label={`Call of ${call.name}`} className="flex flex-col gap-1.5">
      <p className="flex flex-wrap items-center gap-x-2 text-sm text-ink-2">
        <Wrench aria-hidden className="size-4 flex-none" />
        <span className="min-w-0 wrap-anywhere">
          Asked for <code className="font-mono">{call.name}</code>
        </span>
        {!streaming && <span className="ml-auto text-xs text-ink-3">{state}</span>}
      </p>
      {call.arguments.trim() !== "" && (
        <CodeBlock code={prettyJson(call.arguments)} language="json" open={false} />
      )}
    </section>
  );
}

function stateOf(calls: ToolCalls, { id }: ToolCallPart, messageId: string): string {
  if (calls.given.has(keyOf(messageId, id))) return "Result below";
  const isOpen = calls.openAnswerId === messageId && calls.open.some((call) => call.id === id);
  return isOpen ? "Waits for its result" : "No result was given";
}
