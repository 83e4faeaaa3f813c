import { useEffect, useMemo } from "react";
import type { Message } from "@/client/api";
import { type DraftPart, changeDraftParts, useDraftParts } from "./draft-parts";
import { type Results, forgetResults, keepResults, readResults } from "./result-draft";

/** What a draft holds of results, those of other branches included: fewer than the server takes of parts. */
const MOST = 48;

interface ResultsState {
  /** What was typed so far, by the id of the call. */
  results: Results;
  change: (tool_call_id: string, content: string) => void;
  /** Forgets them, once the server has them as a message. */
  clear: () => void;
}

/** Results of tools that are being typed below a message: kept with its conversation until they are sent. */
export function useResults({ id, session_id }: Message): ResultsState {
  const parts = useDraftParts(session_id);
  const results = useMemo(() => resultsBelow(parts, id), [parts, id]);

  // What the server never got stands in this browser.
  useEffect(() => {
    const unsaved = Object.entries(readResults(id));
    if (unsaved.length === 0) return;
    changeDraftParts(session_id, (before) =>
      unsaved.reduce((all, [call, content]) => withResult(all, id, call, content), before),
    );
  }, [id, session_id]);

  return {
    results,
    change: (call, content) => {
      keepResults(id, { ...results, [call]: content });
      changeDraftParts(session_id, (before) => withResult(before, id, call, content));
    },
    clear: () => {
      forgetResults(id);
      changeDraftParts(session_id, (before) => before.filter((part) => !isBelow(part, id)), 0);
    },
  };
}

function withResult(
  parts: readonly DraftPart[],
  parent_id: string,
  tool_call_id: string,
  content: string,
): readonly DraftPart[] {
  const pictures = parts.filter((part) => part.type === "image");
  const others = parts.filter(
    (part) =>
      part.type === "tool_result" &&
      !(part.parent_id === parent_id && part.tool_call_id === tool_call_id),
  );
  const result = { type: "tool_result" as const, parent_id, tool_call_id, content };
  return [...pictures, ...[...others, result].slice(-MOST)];
}

function resultsBelow(parts: readonly DraftPart[], parent_id: string): Results {
  const found: Record<string, string> = {};
  for (const part of parts) {
    if (part.type === "tool_result" && part.parent_id === parent_id) {
      found[part.tool_call_id] = part.content;
    }
  }
  return found;
}

function isBelow(part: DraftPart, parent_id: string): boolean {
  return part.type === "tool_result" && part.parent_id === parent_id;
}
