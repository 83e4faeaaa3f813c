import { ApiError } from "./http";

interface WireProblem {
  loc: (string | number)[];
  msg: string;
}

/** The fields that the server refused, by their path in the body (`params.top_p`), with its words. */
export function fieldProblems(error: unknown): Map<string, string> {
  const fields = error instanceof ApiError ? error.details.fields : undefined;
  const problems = new Map<string, string>();
  if (!Array.isArray(fields)) return problems;
  for (const { loc, msg } of fields as WireProblem[]) {
    const path = loc.slice(1).join(".");
    if (!problems.has(path)) problems.set(path, msg);
  }
  return problems;
}
