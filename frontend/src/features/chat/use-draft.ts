import { useEffect, useEffectEvent, useRef, useState } from "react";
import { ApiError, request } from "@/client/http";
import { fetchDraft } from "@/client/queries";
import { useChannelStatus } from "@/lib/stream/live";
import { forgetUnsaved, keepUnsaved, readUnsaved } from "./unsaved-draft";

const SAVE_AFTER_MS = 300;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Browsers let a call outlive its page only when its body is below 64 KiB. */
const KEEPALIVE_CHARACTERS = 15_000;

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
  const unsaved = useRef(sessionId === null ? null : restored);
  const saving = useRef(false);
  const left = useRef(false);
  const retry_ms = useRef(FIRST_RETRY_MS);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const save = async (): Promise<void> => {
    clearTimeout(timer.current);
    const pending = unsaved.current;
    if (sessionId === null || pending === null || saving.current) return;
    saving.current = true;
    const isSettled = await store(sessionId, pending);
    saving.current = false;
    if (isSettled) {
      retry_ms.current = FIRST_RETRY_MS;
      forgetUnsaved(sessionId, pending);
      if (unsaved.current === pending) unsaved.current = null;
      else await save();
    } else if (!left.current) {
      timer.current = setTimeout(() => void save(), retry_ms.current);
      retry_ms.current = Math.min(retry_ms.current * 2, LONGEST_RETRY_MS);
    }
  };
  const change = (next: string, delay_ms: number): void => {
    touched.current = true;
    setState(next);
    keepUnsaved(sessionId, next);
    if (sessionId === null) {
      if (next === "") forgetUnsaved(sessionId, next);
      return;
    }
    unsaved.current = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void save(), delay_ms);
  };

  useEffect(() => {
    if (sessionId === null || touched.current) return;
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

  const saveNow = useEffectEvent(() => void save());
  useEffect(() => {
    left.current = false;
    const onHide = (): void => saveNow();
    saveNow();
    window.addEventListener("pagehide", onHide);
    const unsubscribe = useChannelStatus.subscribe((now, before) => {
      if (now.state === "open" && before.state !== "open") saveNow();
    });
    return () => {
      left.current = true;
      window.removeEventListener("pagehide", onHide);
      unsubscribe();
      saveNow();
    };
  }, []);

  return { text, setText: (next) => change(next, SAVE_AFTER_MS), clear: () => change("", 0) };
}

/** Whether the text needs no further try: the server has it, or the conversation is gone. */
async function store(sessionId: string, text: string): Promise<boolean> {
  try {
    await request("PUT", `/api/sessions/${sessionId}/draft`, {
      body: { text, parts: [] },
      keepalive: text.length < KEEPALIVE_CHARACTERS,
    });
    return true;
  } catch (error) {
    return error instanceof ApiError && error.status === 404;
  }
}
