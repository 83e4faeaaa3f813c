import { Lexer, type Token } from "marked";
import { describe, expect, it } from "vitest";
import { recordedCase } from "@/testing/fixtures";
import { randomPieces, seededRandom } from "@/testing/random";
import { MarkdownSplitter } from "./splitter";

const DOCUMENTS: Record<string, string> = {
  recorded: recordedCase("markdown").message.content,
  "loose and nested lists":
    "- one\n\n- two\n  - inner\n\n    text of inner\n- three\n\n1. a\n2. b\n\n   more of b\n\nend\n\nlast\n",
  "task list": "- [ ] open\n- [x] done\n\nafter\n\nmore\n",
  "nested and tilde fences":
    "text\n\n````md\n```js\ncode\n```\n````\n\n~~~\na ``` b\n~~~\n\nafter\n\nend\n",
  "fence that never ends": "before\n\nmore\n\n```python\nprint('x')\n\n\nprint('y')\n",
  tables: "| a | b |\n|:--|--:|\n| 1 | 2 |\n| 3 | 4 |\n\nafter\n\n| c |\n|---|\n| 5 |\n",
  "lazy quotes": "> one\ntwo\n\n> three\n> > four\n\nend\n\nmore\n",
  "raw html": "<div>\n\ntext\n\n</div>\n\na <b>bold</b> word\n\nend\n",
  "setext headings": "Title\n=====\n\nSub\n---\n\ntext\n\n---\n\nend\n",
  "indented code": "text\n\n    code\n\n    more\n\ntext\n\nend\n",
  "definition before its use": "[a]: https://a.example\n\none\n\ntwo\n\nthree [a]\n",
  "definition after its use":
    "one [a] and\n\ntwo\n\nthree\n\nfour\n\n[a]: https://a.example\n\nend\n",
  "windows line ends": "# T\r\n\r\none\r\n\r\n- a\r\n- b\r\n\r\ntwo\r\n",
  unicode: "👩‍👩‍👧‍👦 **fett** 世界\n\n`ö` \u2028 x\n\nend\n\nend\n",
};

function oneShot(text: string): Token[] {
  return [...new Lexer({ gfm: true }).lex(text.replace(/\r\n?/g, "\n"))];
}

describe.each(Object.entries(DOCUMENTS))("%s", (_, text) => {
  it("ends as a one-shot render however the text arrives", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const splitter = new MarkdownSplitter();
      let soFar = "";
      for (const piece of randomPieces(text, 12, seededRandom(seed))) {
        soFar += piece;
        splitter.update(soFar);
      }
      const live = splitter.update(text).map(({ token }) => token);
      expect(live, `seed ${seed}`).toEqual(oneShot(text));
      expect(splitter.finish(text).map(({ token }) => token)).toEqual(oneShot(text));
    }
  });

  it("never loses or repeats a character on the way", () => {
    const splitter = new MarkdownSplitter();
    const source = text.replace(/\r\n?/g, "\n");
    for (let length = 1; length <= source.length; length += 1) {
      const blocks = splitter.update(source.slice(0, length));
      expect(blocks.map(({ token }) => token.raw).join("")).toBe(
        oneShot(source.slice(0, length))
          .map(({ raw }) => raw)
          .join(""),
      );
    }
  });
});

it("keeps settled blocks as the same objects", () => {
  const splitter = new MarkdownSplitter();
  const first = splitter.update("one\n\ntwo\n\nthree\n\nfour\n\n");
  const second = splitter.update("one\n\ntwo\n\nthree\n\nfour\n\nfive");
  expect(second[0]).toBe(first[0]);
});

it("starts again when the text was replaced", () => {
  const splitter = new MarkdownSplitter();
  splitter.update("one\n\ntwo\n\nthree\n\nfour\n\n");
  const replaced = splitter.update("other\n\ntext");
  expect(replaced.map(({ token }) => token.raw).join("")).toBe("other\n\ntext");
});

it("lexes a small part of the text for each piece that arrives", () => {
  const text = recordedCase("markdown").message.content.repeat(20);
  const splitter = new MarkdownSplitter();
  const pieces = randomPieces(text, 8, seededRandom(1));
  let soFar = "";
  for (const piece of pieces) splitter.update((soFar += piece));
  expect(splitter.lexedCharacters / pieces.length / text.length).toBeLessThan(0.1);
});
