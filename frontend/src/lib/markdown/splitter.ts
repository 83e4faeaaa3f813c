import { Lexer, type Links, type Token } from "marked";

export interface Block {
  /** Stable while the text grows: the block's offset in it. */
  key: number;
  token: Token;
}

/** How many blocks at the end stay open: what follows can still change them. */
const OPEN_BLOCKS = 2;

/**
 * Markdown that grows at its end. Settled blocks are kept; only the open tail is lexed again, so the cost
 * of an answer is linear in its length. `finish` lexes everything once more and is the last word.
 */
export class MarkdownSplitter {
  #settled: Block[] = [];
  #settledText = "";
  #links: Links = {};
  /** Characters given to the lexer so far: the measure of the work done. */
  lexedCharacters = 0;

  update(text: string): Block[] {
    const source = normalise(text);
    if (!source.startsWith(this.#settledText)) this.#reset();
    const tail = source.slice(this.#settledText.length);
    const { tokens, links } = this.#lex(tail, this.#links);
    if (Object.keys(links).length > Object.keys(this.#links).length && this.#settled.length > 0) {
      // A definition came after its use: what was settled may be a link now.
      this.#reset();
      this.#links = links;
      return this.update(text);
    }
    this.#links = links;
    const open = withKeys(tokens, this.#settledText.length);
    this.#settle(open);
    return [...this.#settled, ...open];
  }

  finish(text: string): Block[] {
    const source = normalise(text);
    this.#reset();
    return withKeys(this.#lex(source, {}).tokens, 0);
  }

  #settle(open: Block[]): void {
    let held = 0;
    let cut = open.length;
    while (cut > 0 && held < OPEN_BLOCKS) {
      cut -= 1;
      if (open[cut]?.token.type !== "space") held += 1;
    }
    if (held < OPEN_BLOCKS || cut === 0) return;
    for (const block of open.splice(0, cut)) {
      this.#settled.push(block);
      this.#settledText += block.token.raw;
    }
  }

  #lex(source: string, links: Links): { tokens: Token[]; links: Links } {
    this.lexedCharacters += source.length;
    const lexer = new Lexer({ gfm: true });
    lexer.tokens.links = { ...links };
    const tokens = lexer.lex(source);
    return { tokens, links: lexer.tokens.links };
  }

  #reset(): void {
    this.#settled = [];
    this.#settledText = "";
    this.#links = {};
  }
}

function withKeys(tokens: readonly Token[], start: number): Block[] {
  let key = start;
  return tokens.map((token) => {
    const block = { key, token };
    key += token.raw.length;
    return block;
  });
}

function normalise(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}
