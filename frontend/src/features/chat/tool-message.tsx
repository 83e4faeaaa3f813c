import { Check, Copy, CornerDownRight } from "lucide-react";
import { use, useId, useState } from "react";
import type { Message } from "@/client/api";
import { IconButton } from "@/components/icon-button";
import { formatCount } from "@/lib/format";
import { prettyJson } from "@/lib/pretty-json";
import { useCopy } from "@/lib/use-copy";
import { SiblingSwitcher } from "./sibling-switcher";
import { keyOf } from "./tool-calls";
import { ToolCallsContext } from "./tool-calls-context";

const SHOWN_LINES = 8;
const SHOWN_CHARACTERS = 800;

/** What tools gave back, as it was sent to the model. */
export function ToolMessage({ message }: { message: Message }) {
  const { names } = use(ToolCallsContext);
  return (
    <article
      aria-label="Tool results"
      tabIndex={-1}
      className="flex flex-col gap-3 rounded-lg border border-line px-4 py-2.5 focus-visible:outline-offset-4"
    >
      {message.parts.map(
        (part, index) =>
          part.type === "tool_result" && (
            <Result
              key={index}
              name={names.get(keyOf(message.id, part.tool_call_id)) ?? null}
              text={part.content}
            />
          ),
      )}
      {message.siblings.length > 1 && <SiblingSwitcher message={message} />}
    </article>
  );
}

function Result({ name, text }: { name: string | null; text: string }) {
  const { copied, copy } = useCopy();
  const [open, setOpen] = useState(false);
  const id = useId();
  const pretty = prettyJson(text);
  const start = startOf(pretty);
  const isLong = start.length < pretty.length;
  return (
    <section aria-label={name === null ? "Result" : `Result of ${name}`} className="min-w-0">
      <div className="flex items-center gap-2 text-sm text-ink-2">
        <CornerDownRight aria-hidden className="size-4 flex-none" />
        <p className="min-w-0 flex-1 wrap-anywhere">
          Result{name !== null && " of "}
          {name !== null && <code className="font-mono">{name}</code>}
        </p>
        <IconButton label={copied ? "Copied" : "Copy the result"} onClick={() => copy(text)}>
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
        </IconButton>
      </div>
      {text === "" ? (
        <p className="text-sm text-ink-3">Nothing was given back.</p>
      ) : (
        <pre
          id={id}
          className="font-mono text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap"
        >
          {isLong && !open ? `${start}…` : pretty}
        </pre>
      )}
      {isLong && (
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          className="-ml-1.5 min-h-7 rounded-sm px-1.5 text-xs text-ink-2 underline-offset-2 hover:underline pointer-coarse:min-h-10"
        >
          {open ? "Show less" : `Show all ${formatCount(pretty.length)} characters`}
        </button>
      )}
    </section>
  );
}

/** The first lines, and not too much of them. */
function startOf(text: string): string {
  const lines = text.split("\n", SHOWN_LINES + 1);
  const cut = lines.length > SHOWN_LINES ? lines.slice(0, SHOWN_LINES).join("\n") : text;
  return cut.length > SHOWN_CHARACTERS ? cut.slice(0, SHOWN_CHARACTERS) : cut;
}
