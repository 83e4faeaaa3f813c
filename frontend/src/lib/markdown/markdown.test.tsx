import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { recordedCase } from "@/testing/fixtures";
import { randomPieces, seededRandom } from "@/testing/random";
import { Markdown } from "./markdown";

function html(text: string): string {
  const { container, unmount } = render(<Markdown text={text} />);
  const result = container.innerHTML;
  unmount();
  return result;
}

it("renders what streamed in as it renders the stored text", () => {
  const text = `${recordedCase("markdown").message.content}\n[late] reference\n\nend\n\n[late]: https://late.example\n`;
  const { container, rerender } = render(<Markdown text="" streaming />);
  let soFar = "";
  for (const piece of randomPieces(text, 9, seededRandom(7))) {
    soFar += piece;
    rerender(<Markdown text={soFar} streaming />);
  }
  rerender(<Markdown text={text} />);
  expect(container.innerHTML).toBe(html(text));
});

it("updates a table whose link gets its definition later", () => {
  const table = "| a |\n|---|\n| [x] |\n\nafter\n";
  const { rerender } = render(<Markdown text={table} streaming />);
  expect(screen.queryByRole("link")).toBeNull();
  rerender(<Markdown text={`${table}\n[x]: https://x.example\n`} streaming />);
  expect(screen.getByRole("link")).toHaveAttribute("href", "https://x.example/");
});

it("shows raw HTML as text and makes no element of it", () => {
  const { container } = render(
    <Markdown text={'<img src=x onerror="alert(1)">\n\na <b>bold</b> <script>x</script> word'} />,
  );
  expect(container.querySelector("img, b, script")).toBeNull();
  expect(container).toHaveTextContent('<img src=x onerror="alert(1)">');
  expect(container).toHaveTextContent("a <b>bold</b> <script>x</script> word");
});

it("never loads a remote image: it is a link that names its host", () => {
  const { container } = render(<Markdown text="![a chart](https://spy.example/p.png?q=secret)" />);
  expect(container.querySelector("img")).toBeNull();
  const link = screen.getByRole("link", { name: "a chart (spy.example)" });
  expect(link).toHaveAttribute("rel", "noreferrer noopener");
});

it.each([
  ["javascript:alert(1)"],
  ["data:text/html,x"],
  ["vbscript:x"],
  ["/app/settings"],
  ["java&#115;cript:alert(1)"],
])("does not link to %s", (href) => {
  render(<Markdown text={`[click](<${href}>)`} />);
  expect(screen.getByText("click")).toBeInTheDocument();
  expect(screen.queryByRole("link")).toBeNull();
});

it("shows where a link leads, unless its text says so", () => {
  render(<Markdown text="[the docs](https://docs.example/a) and https://plain.example/b" />);
  expect(screen.getByRole("link", { name: "the docs (docs.example)" })).toHaveAttribute(
    "target",
    "_blank",
  );
  expect(screen.getByRole("link", { name: "https://plain.example/b" })).toBeInTheDocument();
});

it("shows the host that a deceptive address really has", () => {
  render(<Markdown text="[bank](https://bank.example@evil.example/)" />);
  expect(screen.getByRole("link")).toHaveTextContent("bank (evil.example)");
});

it("decodes character references in text but not in code", () => {
  const { container } = render(<Markdown text={"a &amp; b &#x2014; c &nope; `&amp;`"} />);
  expect(container).toHaveTextContent("a & b — c &nope; &amp;");
});

it("starts an answer's headings below the page's own", () => {
  render(<Markdown text="# Top" />);
  expect(screen.getByRole("heading", { level: 2, name: "Top" })).toBeInTheDocument();
});

it("shows an open fence as code at once", () => {
  const { container } = render(<Markdown text={"text\n\n```python\nprint("} streaming />);
  expect(container.querySelector("pre")).toHaveTextContent("print(");
  expect(screen.getByText("python")).toBeInTheDocument();
});

it("collapses a very long finished block behind a button", () => {
  const code = Array.from({ length: 250 }, (_, line) => `line ${line}`).join("\n");
  const { container } = render(<Markdown text={`\`\`\`\n${code}\n\`\`\``} />);
  expect(container.querySelector("pre")).not.toHaveTextContent("line 249");
  expect(screen.getByRole("button", { name: "Show all 250 lines" })).toBeInTheDocument();
});
