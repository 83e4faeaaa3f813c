import { Image } from "lucide-react";
import type { MarkedToken, Token, Tokens } from "marked";
import type { ReactNode } from "react";
import { decodeEntities } from "./entities";
import { safeLink } from "./url-policy";

/** Inline tokens to React. Raw HTML is shown as the text it is; nothing is ever parsed as markup. */
export function renderInline(tokens: readonly Token[] | undefined): ReactNode {
  return tokens?.map((token, index) => <Inline key={index} token={token as MarkedToken} />);
}

function Inline({ token }: { token: MarkedToken }): ReactNode {
  switch (token.type) {
    case "text":
      return token.tokens ? renderInline(token.tokens) : decodeEntities(token.text);
    case "escape":
      return token.text;
    case "html":
      return token.raw;
    case "strong":
      return <strong>{renderInline(token.tokens)}</strong>;
    case "em":
      return <em>{renderInline(token.tokens)}</em>;
    case "del":
      return <del>{renderInline(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "checkbox":
      return <Checkbox checked={token.checked} />;
    case "link":
      return <Link token={token} />;
    case "image":
      return <ImageChip token={token} />;
    default:
      return token.raw;
  }
}

export function Checkbox({ checked }: { checked: boolean }) {
  return (
    <span role="img" aria-label={checked ? "done" : "not done"}>
      {checked ? "☑ " : "☐ "}
    </span>
  );
}

function Link({ token }: { token: Tokens.Link }) {
  const link = safeLink(decodeEntities(token.href));
  const text = renderInline(token.tokens);
  if (!link) return <span title={`Not a link that can be followed: ${token.href}`}>{text}</span>;
  const namesHost = token.text.includes(link.host);
  return (
    <a href={link.href} target="_blank" rel="noreferrer noopener">
      {text}
      {!namesHost && <Host>{link.host}</Host>}
    </a>
  );
}

function Host({ children }: { children: string }) {
  return (
    <>
      {" "}
      <span className="link-host">({children})</span>
    </>
  );
}

/** A remote image is never fetched by itself: its address can carry what was said to a stranger. */
function ImageChip({ token }: { token: Tokens.Image }) {
  const link = safeLink(decodeEntities(token.href));
  const label = decodeEntities(token.text) || "image";
  if (!link) return <span className="image-chip">{label}</span>;
  return (
    <a className="image-chip" href={link.href} target="_blank" rel="noreferrer noopener">
      <Image aria-hidden />
      {label}
      <Host>{link.host}</Host>
    </a>
  );
}
