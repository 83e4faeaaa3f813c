const INDENT = "  ";

/**
 * JSON with a line for each member, otherwise as it was written: numbers keep every digit and doubled keys stay. Text
 * that is not JSON comes back unchanged.
 */
export function prettyJson(text: string): string {
  if (!isJson(text)) return text;
  let out = "";
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|[^\s[\]{},:"]+/g)) {
    if (token === "{" || token === "[") {
      depth += 1;
      out += token + newLine(depth);
    } else if (token === "}" || token === "]") {
      depth -= 1;
      out += newLine(depth) + token;
    } else if (token === ",") out += token + newLine(depth);
    else if (token === ":") out += ": ";
    else out += /^[[{]/.test(token) ? token.replace(/\s/g, "") : token;
  }
  return out;
}

function newLine(depth: number): string {
  return `\n${INDENT.repeat(depth)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
