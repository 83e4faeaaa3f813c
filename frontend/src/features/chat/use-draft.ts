import { useEffect, useEffectEvent, useRef, useState } from "react";
import { request } from "@/client/http";
import { fetchDraft } from "@/client/queries";

const SAVE_AFTER_MS = 300;
/** Browsers let a call outlive its page only when its body is below 64 KiB. */
const KEEPALIVE_CHARACTERS = 15_000;
/** A conversation that is not stored yet has no place on the server, so its draft waits here. */
const NEW_DRAFT_KEY = "console.draft.new";

export interface DraftState {
  text: string;
  setText: (text: string) => void;
  /** Empties the composer and its stored draft, once the server has the text as a message. */
  clear: () => void;
}

/** What stands in the composer. It is stored while it is typed, and what was stored is back on return. */
export function useDraft(sessionId: string | null): DraftState {
  const [text, setState] = useState(() =>
    sessionId === null ? (localStorage.getItem(NEW_DRAFT_KEY) ?? "") : "",
  );
  const touched = useRef(false);
  const unsaved = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = (): void => {
    clearTimeout(timer.current);
    const pending = unsaved.current;
    if (pending === null) return;
    unsaved.current = null;
    void store(sessionId, pending);
  };
  const change = (next: string, delay_ms: number): void => {
    touched.current = true;
    unsaved.current = next;
    setState(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(save, delay_ms);
  };

  useEffect(() => {
    if (sessionId === null) return;
    const loading = new AbortController();
    fetchDraft(sessionId, loading.signal).then(
      (draft) => {
        if (!touched.current) setState(draft.text);
      },
      () => {
        // Without the stored draft the composer is simply empty; typing still saves.
      },
    );
    return () => loading.abort();
  }, [sessionId]);

  const saveNow = useEffectEvent(save);
  useEffect(() => {
    const onHide = (): void => saveNow();
    window.addEventListener("pagehide", onHide);
    return () => {
      window.removeEventListener("pagehide", onHide);
      saveNow();
    };
  }, []);

  return { text, setText: (next) => change(next, SAVE_AFTER_MS), clear: () => change("", 0) };
}

async function store(sessionId: string | null, text: string): Promise<void> {
  if (sessionId === null) {
    if (text) localStorage.setItem(NEW_DRAFT_KEY, text);
    else localStorage.removeItem(NEW_DRAFT_KEY);
    return;
  }
  try {
    await request("PUT", `/api/sessions/${sessionId}/draft`, {
      body: { text, parts: [] },
      keepalive: text.length < KEEPALIVE_CHARACTERS,
    });
  } catch {
    // The text still stands in the composer; the next keystroke tries again.
  }
}
