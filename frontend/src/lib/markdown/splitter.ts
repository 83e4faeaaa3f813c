import { Lexer, type Links, type Token, type Tokens } from "marked";

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
  /** Definitions among the settled blocks. */
  #settledLinks: Links = {};
  /** All definitions of the text so far, to notice a new one, or one that goes on growing. */
  #definitions = "{}";
  /** Characters given to the lexer so far: the measure of the work done. */
  lexedCharacters = 0;

  update(text: string): Block[] {
    const source = normalise(text);
    if (!source.startsWith(this.#settledText)) this.#reset();
    let lexed = this.#lex(source.slice(this.#settledText.length), this.#settledLinks);
    const definitions = JSON.stringify(lexed.links);
    if (definitions !== this.#definitions && this.#settled.length > 0) {
      // A definition that comes after its use changes what was settled.
      this.#reset();
      lexed = this.#lex(source, {});
    }
    this.#definitions = definitions;
    const open = withKeys(lexed.tokens, this.#settledText.length);
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
      if (block.token.type === "def") {
        const { tag, href, title } = block.token as Tokens.Def;
        this.#settledLinks[tag] ??= { href, title };
      }
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
    this.#settledLinks = {};
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
