import { characters } from "@/lib/parameters";

const MOST = 4;
const LONGEST = 500;

/** One sequence per line; a line break inside one is written `\n`, a backslash `\\`. */
export function formatStop(sequences: readonly string[]): string {
  return sequences
    .map((sequence) => sequence.replaceAll("\\", "\\\\").replaceAll("\n", "\\n"))
    .join("\n");
}

/** Spaces count: they may be what the model is to stop at. */
export function parseStop(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) =>
      line.replace(/\\([n\\])/g, (_, escaped: string) => (escaped === "n" ? "\n" : "\\")),
    );
}

export function stopProblem(text: string): string | null {
  const sequences = parseStop(text);
  if (sequences.length > MOST) return "Must be at most 4 lines.";
  if (sequences.some((sequence) => characters(sequence) > LONGEST)) {
    return "Each line must be at most 500 characters.";
  }
  return null;
}
