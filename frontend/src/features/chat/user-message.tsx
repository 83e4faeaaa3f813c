import { Check, Copy } from "lucide-react";
import type { Message } from "@/client/api";
import { IconButton } from "@/components/icon-button";
import { useCopy } from "@/lib/use-copy";
import { MediaParts, isMedia } from "./media-parts";
import { SiblingSwitcher } from "./sibling-switcher";

export function UserMessage({ message }: { message: Message }) {
  const { copied, copy } = useCopy();
  return (
    <article
      aria-label={message.role === "user" ? "You" : message.role}
      tabIndex={-1}
      className="group/message flex items-start gap-2 rounded-lg bg-sunken py-3 pr-2 pl-4 focus-visible:outline-offset-4"
    >
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <MediaParts parts={message.parts.filter(isMedia)} />
        {message.content !== "" && (
          <p className="wrap-anywhere whitespace-pre-wrap">{message.content}</p>
        )}
      </div>
      <div className="-my-1 flex items-center opacity-0 transition-opacity group-hover/message:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
        <IconButton label={copied ? "Copied" : "Copy"} onClick={() => copy(message.content)}>
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
        </IconButton>
        <SiblingSwitcher message={message} />
      </div>
    </article>
  );
}
