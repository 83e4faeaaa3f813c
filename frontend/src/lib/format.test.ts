import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCents,
  formatContext,
  formatCount,
  formatCountShort,
  formatDuration,
  formatWait,
  formatPrice,
  formatRate,
  formatShare,
  formatUsd,
  formatUsdShort,
  plural,
} from "./format";

describe("money", () => {
  it.each([
    [0, "$0.00"],
    [1, "$1.00"],
    [0.5, "$0.50"],
    [0.0001235, "$0.0001235"],
    [0.00041235, "$0.00041235"],
    [1e-7, "$0.0000001"],
    [1.5e-8, "$0.000000015"],
    [1e-12, "$0.000000000001"],
    [1.234567890123, "$1.234567890123"],
    [1234.5, "$1,234.50"],
    [1234567.89, "$1,234,567.89"],
    [1e21, "$1,000,000,000,000,000,000,000.00"],
    [-0.25, "-$0.25"],
  ])("shows %s exactly, as %s", (usd, shown) => {
    expect(formatUsd(usd)).toBe(shown);
  });

  it.each([
    [0, "$0.00", "$0.00"],
    [1e-12, "$0.000000000001", "<$0.01"],
    [0.000484, "$0.000484", "<$0.01"],
    [0.0123456, "$0.0123", "$0.01"],
    [0.99999, "$1.00", "$1.00"],
    [12.3456, "$12.35", "$12.35"],
    [-0.0123456, "-$0.0123", "-$0.01"],
    [1234.5, "$1,234.50", "$1,234.50"],
  ])("shows %s in short as %s, to cents as %s", (usd, short, cents) => {
    expect(formatUsdShort(usd)).toBe(short);
    expect(formatCents(usd)).toBe(cents);
  });

  it("keeps every digit of every picodollar it is given", () => {
    for (let pico = 1; pico < 1_000_000_000_000; pico = pico * 7 + 3) {
      const exact = `0.${String(pico).padStart(12, "0")}`;
      const trimmed = exact.replace(/0+$/, "");
      const expected = `${trimmed}00`.slice(0, Math.max(trimmed.length, 4));
      expect(formatUsd(JSON.parse(exact) as number)).toBe(`$${expected}`);
    }
  });

  it("never shows an unknown cost as zero", () => {
    expect(formatUsd(null)).toBe("–");
    expect(formatPrice(null)).toBe("–");
  });

  it("calls a price of nothing free", () => {
    expect(formatPrice(0)).toBe("free");
    expect(formatPrice(0.25)).toBe("$0.25");
  });
});

it("groups the digits of a count", () => {
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect(formatCount(null)).toBe("–");
});

it("names a context window as everyone does", () => {
  expect([512, 8192, 131072, 200000, 999_999, 1_048_576, 2_000_000].map(formatContext)).toEqual([
    "512",
    "8K",
    "131K",
    "200K",
    "1M",
    "1M",
    "2M",
  ]);
});

it("says how long to wait, in whole steps", () => {
  expect([1, 59, 60, 94, 3600, 7500].map(formatWait)).toEqual([
    "1 s",
    "59 s",
    "1 min",
    "1 min 34 s",
    "1 h",
    "2 h 5 min",
  ]);
});

it("says how long something took", () => {
  expect([0, 412, 1033, 9949, 12_034, 59_600, 94_000, null].map(formatDuration)).toEqual([
    "0.00 s",
    "0.41 s",
    "1.0 s",
    "9.9 s",
    "12 s",
    "1 min",
    "1 min 34 s",
    "–",
  ]);
});

it("says how fast an answer came", () => {
  expect(formatRate(48.25)).toBe("48.3 tok/s");
  expect(formatRate(45166.7)).toBe("45,167 tok/s");
  expect(formatRate(null)).toBe("–");
});

it("counts in words", () => {
  expect([plural(1, "word"), plural(1200, "word"), plural(0, "reply", "replies")]).toEqual([
    "1 word",
    "1,200 words",
    "0 replies",
  ]);
});

it.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_000, "1.0 kB"],
  [12_345_678, "12.3 MB"],
  [123_456_789, "123 MB"],
  [5e15, "5000 TB"],
])("shows %i bytes as %s", (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
});

it.each([
  [0, "0"],
  [9_999, "9,999"],
  [12_345, "12.3K"],
  [999_600, "1M"],
  [1_234_567, "1.23M"],
  [5e12, "5T"],
])("counts %s as %s where many stand side by side", (count, shown) => {
  expect(formatCountShort(count)).toBe(shown);
});

it.each([
  [null, "–"],
  [0, "0%"],
  [0.0001, "<0.1%"],
  [0.0123, "1.2%"],
  [0.444, "44%"],
  [1, "100%"],
])("tells the share %s as %s", (share, shown) => expect(formatShare(share)).toBe(shown));
