import type { ElementContent } from "hast";
import { Check, Copy, WrapText } from "lucide-react";
import { type ReactNode, memo, useState } from "react";
import { useCopy } from "@/lib/use-copy";
import { useHighlight } from "./use-highlight";

const COLLAPSE_ABOVE_LINES = 200;
const COLLAPSED_LINES = 60;

interface CodeBlockProps {
  code: string;
  language: string;
  /** Still being written: shown plain, line by line, and never collapsed. */
  open: boolean;
}

export function CodeBlock({ code, language, open }: CodeBlockProps) {
  const [wrap, setWrap] = useState(false);
  const [expanded, setExpanded] = useState(false);
  const { copied, copy } = useCopy();
  const lines = code.split("\n");
  const collapsed = !open && !expanded && lines.length > COLLAPSE_ABOVE_LINES;
  const shown = collapsed ? lines.slice(0, COLLAPSED_LINES) : lines;
  const tree = useHighlight(shown.join("\n"), language.toLowerCase(), !open);
  return (
    <div className="code-block">
      <div className="code-block-bar">
        <span>{language || "text"}</span>
        <span className="code-block-actions">
          <button type="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
            <WrapText aria-hidden />
            Wrap
          </button>
          <button type="button" onClick={() => copy(code)}>
            {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
            {copied ? "Copied" : "Copy"}
          </button>
        </span>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} data-wrap={wrap} aria-label={`${language || "Plain"} code`}>
        <code>
          {tree
            ? tree.children.map((node, index) => renderNode(node as ElementContent, index))
            : shown.map((line, index) => <Line key={index} text={line} />)}
        </code>
      </pre>
      {collapsed && (
        <button type="button" className="code-block-more" onClick={() => setExpanded(true)}>
          Show all {lines.length} lines
        </button>
      )}
    </div>
  );
}

/** One element per line: the browser lays out a growing block far faster than one growing text node. */
const Line = memo(function Line({ text }: { text: string }) {
  return <span className="code-line">{`${text}\n`}</span>;
});

function renderNode(node: ElementContent, key: number): ReactNode {
  if (node.type === "text") return node.value;
  if (node.type !== "element") return null;
  const classes = node.properties.className;
  return (
    <span key={key} className={Array.isArray(classes) ? classes.join(" ") : undefined}>
      {node.children.map(renderNode)}
    </span>
  );
}
