import { expect, it } from "vitest";
import { sourcesOf } from "./sources";

function cite(citation: unknown) {
  return {
    type: "annotation" as const,
    annotation: { type: "url_citation", url_citation: citation },
  };
}

it("names each page once, by its title or else its host", () => {
  expect(
    sourcesOf([
      cite({ url: "https://a.example/1", title: " One " }),
      cite({ url: "https://b.example/2", title: "" }),
      cite({ url: "https://a.example/1", title: "Again" }),
    ]),
  ).toEqual([
    { href: "https://a.example/1", host: "a.example", title: "One" },
    { href: "https://b.example/2", host: "b.example", title: "b.example" },
  ]);
});

it.each([
  cite({ url: "javascript:alert(1)" }),
  cite({ url: 5 }),
  cite(null),
  { type: "annotation" as const, annotation: { type: "file", file: { name: "a.pdf" } } },
])("passes over what is no link", (annotation) => {
  expect(sourcesOf([annotation])).toEqual([]);
});
