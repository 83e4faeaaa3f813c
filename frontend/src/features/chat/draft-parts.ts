import { create } from "zustand";
import type { Draft, ImagePart } from "@/client/api";
import { Saver } from "@/lib/saver";
import { forgetResults } from "./result-draft";
import { storeDraft } from "./store-draft";

/** What a tool gave back, as far as it is typed: sent below the message `parent_id`. */
export interface ResultPart {
  type: "tool_result";
  parent_id: string;
  tool_call_id: string;
  content: string;
}

export type DraftPart = ImagePart | ResultPart;
type Parts = readonly DraftPart[];
type Change = (parts: Parts) => Parts;

const SAVE_AFTER_MS = 300;
/** Stands for the conversation that is not stored yet: what waits there is lost with the page. */
const NEW = "new";
const NONE: Parts = [];
const PICTURE = /^data:image\/(png|jpeg|webp|gif);base64,/i;

const useStore = create<Readonly<Record<string, Parts>>>()(() => ({}));
const savers = new Map<string, Saver<Parts>>();
/** Changes made before the stored parts were known, by conversation: made again on top of them. */
const early = new Map<string, Change[]>();

/** What waits beside the text of a draft: pictures, and results of tools. */
export function useDraftParts(sessionId: string | null): Parts {
  return useStore((state) => state[sessionId ?? NEW] ?? NONE);
}

/** Changes them here at once and, for a stored conversation, on the server. */
export function changeDraftParts(
  sessionId: string | null,
  change: Change,
  delay_ms = SAVE_AFTER_MS,
): void {
  const id = sessionId ?? NEW;
  const parts = change(useStore.getState()[id] ?? NONE);
  useStore.setState({ [id]: parts });
  if (sessionId === null) return;
  const waiting = early.get(sessionId);
  if (waiting) waiting.push(change);
  else saverOf(sessionId).set(parts, delay_ms);
}

/** From now on changes wait for what the server has, unless what is here is newer. */
export function expectDraftParts(sessionId: string): void {
  if (!savers.get(sessionId)?.isPending && !early.has(sessionId)) early.set(sessionId, []);
}

/** Takes what the server has. */
export function takeDraftParts(sessionId: string, stored: Draft["parts"]): void {
  const changes = early.get(sessionId);
  if (!changes) return;
  early.delete(sessionId);
  const parts = changes.reduce((before, change) => change(before), readParts(stored ?? []));
  useStore.setState({ [sessionId]: parts });
  if (changes.length > 0) saverOf(sessionId).set(parts, 0);
}

/** Stores what waits to be stored. */
export function saveDraftParts(sessionId: string): void {
  void savers.get(sessionId)?.save();
}

function saverOf(sessionId: string): Saver<Parts> {
  const known = savers.get(sessionId);
  if (known) return known;
  const saver = new Saver<Parts>({
    store: (parts) => storeDraft(sessionId, { parts }),
    onSaved: (parts) => {
      for (const part of parts) if (part.type === "tool_result") forgetResults(part.parent_id);
    },
  });
  savers.set(sessionId, saver);
  return saver;
}

/** Those that this page knows how to show. No picture is fetched from elsewhere for being named in a draft. */
function readParts(stored: readonly object[]): Parts {
  return stored.filter((part): part is DraftPart => {
    const { type, url, parent_id, tool_call_id, content } = part as Record<string, unknown>;
    if (type === "image") return typeof url === "string" && PICTURE.test(url);
    const texts = [parent_id, tool_call_id, content];
    return type === "tool_result" && texts.every((text) => typeof text === "string");
  });
}
