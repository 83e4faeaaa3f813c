import { Check, Copy } from "lucide-react";
import type { Message } from "@/client/api";
import { IconButton } from "@/components/icon-button";
import { useCopy } from "@/lib/use-copy";
import { SiblingSwitcher } from "./sibling-switcher";

export function UserMessage({ message }: { message: Message }) {
  const { copied, copy } = useCopy();
  return (
    <article
      aria-label={message.role === "user" ? "You" : message.role}
      tabIndex={-1}
      className="group/message rounded-lg focus-visible:outline-offset-4"
    >
      <div className="rounded-lg bg-sunken px-4 py-3">
        <p className="wrap-anywhere whitespace-pre-wrap">{message.content}</p>
      </div>
      <div className="-mb-3 flex h-8 items-center opacity-0 transition-opacity group-hover/message:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100">
        <IconButton label={copied ? "Copied" : "Copy"} onClick={() => copy(message.content)}>
          {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
        </IconButton>
        <SiblingSwitcher message={message} />
      </div>
    </article>
  );
}
