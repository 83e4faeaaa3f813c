import { useEffect, useEffectEvent, useRef, useState } from "react";
import { fetchDraft } from "@/client/queries";
import { Saver } from "@/lib/saver";
import { useChannelStatus } from "@/lib/stream/live";
import { expectDraftParts, saveDraftParts, takeDraftParts } from "./draft-parts";
import { storeDraft } from "./store-draft";
import { forgetUnsaved, keepUnsaved, readUnsaved } from "./unsaved-draft";

const SAVE_AFTER_MS = 300;

export interface DraftState {
  text: string;
  setText: (text: string) => void;
  /** Empties the composer and its stored draft, once the server has the text as a message. */
  clear: () => void;
}

/**
 * What stands in the composer. It is stored while it is typed, and what was stored is back on return. The
 * browser keeps it until the server has it; a conversation that is not stored yet has no other place.
 */
export function useDraft(sessionId: string | null): DraftState {
  const [restored] = useState(() => readUnsaved(sessionId));
  const [text, setState] = useState(restored ?? "");
  const touched = useRef(restored !== null);
  /** The stored draft could not be read. */
  const isMissing = useRef(false);
  const [saver] = useState(() => (sessionId === null ? null : saverOf(sessionId, restored)));

  const change = (next: string, delay_ms: number): void => {
    touched.current = true;
    setState(next);
    keepUnsaved(sessionId, next);
    if (saver) saver.set(next, delay_ms);
    else if (next === "") forgetUnsaved(sessionId, next);
  };

  const load = useEffectEvent((signal: AbortSignal): void => {
    if (sessionId === null) return;
    isMissing.current = false;
    expectDraftParts(sessionId);
    fetchDraft(sessionId, signal).then(
      (draft) => {
        if (signal.aborted) return;
        if (!touched.current) setState(draft.text ?? "");
        takeDraftParts(sessionId, draft.parts);
      },
      () => {
        // Until it is read the composer is simply empty; typing still saves.
        isMissing.current = true;
      },
    );
  });
  const saveNow = useEffectEvent(() => {
    if (sessionId === null) return;
    void saver?.save();
    saveDraftParts(sessionId);
  });
  useEffect(() => {
    saver?.retryByItself(true);
    const left = new AbortController();
    const onHide = (): void => saveNow();
    load(left.signal);
    saveNow();
    window.addEventListener("pagehide", onHide);
    const unsubscribe = useChannelStatus.subscribe((now, before) => {
      if (now.state !== "open" || before.state === "open") return;
      saveNow();
      if (isMissing.current) load(left.signal);
    });
    return () => {
      left.abort();
      saver?.retryByItself(false);
      window.removeEventListener("pagehide", onHide);
      unsubscribe();
      saveNow();
    };
  }, [saver]);

  return { text, setText: (next) => change(next, SAVE_AFTER_MS), clear: () => change("", 0) };
}

function saverOf(sessionId: string, restored: string | null): Saver<string> {
  const saver = new Saver<string>({
    store: (text) => storeDraft(sessionId, { text }),
    onSaved: (text) => forgetUnsaved(sessionId, text),
  });
  if (restored !== null) saver.set(restored, 0);
  return saver;
}
