import { Check, Copy, Pin } from "lucide-react";
import type { Message } from "@/client/api";
import { IconButton } from "@/components/icon-button";
import { useCopy } from "@/lib/use-copy";
import { MediaParts, isMedia } from "./media-parts";
import { PinButton } from "./pin-button";
import { SiblingSwitcher } from "./sibling-switcher";

export function UserMessage({ message }: { message: Message }) {
  const { copied, copy } = useCopy();
  return (
    <article
      aria-label={message.role === "user" ? "You" : message.role}
      tabIndex={-1}
      className="group/message relative flex flex-col rounded-lg bg-sunken px-4 py-3 focus-visible:outline-offset-4"
    >
      <div className="flex min-w-0 flex-col gap-2">
        {message.pinned && (
          <p className="flex items-center gap-1.5 text-xs text-ink-3">
            <Pin aria-hidden className="size-3.5" />
            Always sent along
          </p>
        )}
        <MediaParts parts={message.parts.filter(isMedia)} />
        {message.content !== "" && (
          <p className="wrap-anywhere whitespace-pre-wrap">{message.content}</p>
        )}
      </div>
      <div className="absolute top-1.5 right-2 flex items-center rounded-md bg-sunken opacity-0 pointer-coarse:static pointer-coarse:-mr-2 pointer-coarse:-mb-2 pointer-coarse:self-end transition-opacity group-hover/message:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
        <IconButton label={copied ? "Copied" : "Copy"} onClick={() => copy(message.content)}>
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
        </IconButton>
        {message.role === "user" && <PinButton message={message} />}
        <SiblingSwitcher message={message} />
      </div>
    </article>
  );
}
