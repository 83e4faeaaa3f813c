import type { MarkedToken, Token, Tokens } from "marked";
import { type ReactNode, memo } from "react";
import { CodeBlock } from "./code-block";
import { Checkbox, renderInline } from "./inline";

interface BlockProps {
  token: Token;
  /** The last block of an answer that is still being written. */
  open: boolean;
}

/** A block renders again only when its source did: tokens of the open tail are new objects on every flush. */
export const MarkdownBlock = memo(
  function MarkdownBlock({ token, open }: BlockProps) {
    return renderBlock(token as MarkedToken, open);
  },
  (before, after) =>
    before.token === after.token ||
    (before.token.raw === after.token.raw &&
      before.token.type === after.token.type &&
      before.open === after.open &&
      linkTargets(before.token) === linkTargets(after.token)),
);

function renderBlock(token: MarkedToken, open: boolean): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const Heading = HEADINGS[token.depth - 1] ?? "h6";
      return <Heading>{renderInline(token.tokens)}</Heading>;
    }
    case "paragraph":
      return <p>{renderInline(token.tokens)}</p>;
    case "text":
      return token.tokens ? renderInline(token.tokens) : token.text;
    case "code":
      return <CodeBlock code={token.text} language={languageOf(token)} open={open} />;
    case "blockquote":
      return <blockquote>{renderBlocks(token.tokens, open)}</blockquote>;
    case "list":
      return <List token={token} open={open} />;
    case "table":
      return <Table token={token} />;
    case "hr":
      return <hr />;
    case "html":
      return <p className="raw-html">{token.raw.trimEnd()}</p>;
    case "checkbox":
      return <Checkbox checked={token.checked} />;
    default:
      return <p>{token.raw}</p>;
  }
}

/** The page's own title is the one h1, so an answer's headings begin below it. */
const HEADINGS = ["h2", "h3", "h4", "h5", "h6", "h6"] as const;

function renderBlocks(tokens: readonly Token[], open: boolean): ReactNode {
  return tokens.map((token, index) => (
    <MarkdownBlock key={index} token={token} open={open && index === tokens.length - 1} />
  ));
}

function languageOf({ lang }: Tokens.Code): string {
  return lang?.match(/^\S+/)?.[0] ?? "";
}

function List({ token, open }: { token: Tokens.List; open: boolean }) {
  const items = token.items.map((item, index) => (
    <ListItem key={index} item={item} open={open && index === token.items.length - 1} />
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={token.start === "" ? 1 : token.start}>{items}</ol>;
}

const ListItem = memo(
  function ListItem({ item, open }: { item: Tokens.ListItem; open: boolean }) {
    return <li data-task={item.task || undefined}>{renderBlocks(item.tokens, open)}</li>;
  },
  (before, after) =>
    before.item.raw === after.item.raw &&
    before.item.loose === after.item.loose &&
    before.open === after.open &&
    linkTargets(before.item) === linkTargets(after.item),
);

function Table({ token }: { token: Tokens.Table }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
    <div className="table-scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, column) => (
              <th key={column} scope="col" data-align={cell.align ?? undefined}>
                {renderInline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} data-align={cell.align ?? undefined}>
                  {renderInline(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Where its links lead: a reference turns into a link when its definition arrives, with the same source. */
function linkTargets(token: Token): string {
  const own = token.type === "link" || token.type === "image" ? `${token.href} ` : "";
  return (
    own +
    childrenOf(token as MarkedToken)
      .map(linkTargets)
      .join("")
  );
}

function childrenOf(token: MarkedToken): Token[] {
  if (token.type === "list") return token.items;
  if (token.type === "table") {
    return [token.header, ...token.rows].flat().flatMap((cell) => cell.tokens);
  }
  return "tokens" in token && token.tokens ? token.tokens : [];
}
