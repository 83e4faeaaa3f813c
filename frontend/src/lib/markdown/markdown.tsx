import { memo, useMemo, useState } from "react";
import { MarkdownBlock } from "./block";
import { MarkdownSplitter } from "./splitter";

interface MarkdownProps {
  text: string;
  /** Still being written: only its tail is lexed. Once false the whole text is lexed, and that is final. */
  streaming?: boolean;
}

export const Markdown = memo(function Markdown({ text, streaming = false }: MarkdownProps) {
  const [splitter] = useState(() => new MarkdownSplitter());
  const blocks = useMemo(
    () => (streaming ? splitter.update(text) : splitter.finish(text)),
    [splitter, text, streaming],
  );
  const last = blocks.findLast(({ token }) => token.type !== "space");
  return (
    <div className="markdown">
      {blocks.map((block) => (
        <MarkdownBlock key={block.key} token={block.token} open={streaming && block === last} />
      ))}
    </div>
  );
});
