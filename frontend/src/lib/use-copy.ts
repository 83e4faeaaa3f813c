import { useCallback, useEffect, useRef, useState } from "react";
import { announce } from "./announcer";

const CONFIRM_MS = 2000;

/** Copies text and says so for two seconds, to screen readers too. */
export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = useCallback((text: string) => {
    clearTimeout(timer.current);
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        announce("Copied");
        timer.current = setTimeout(() => setCopied(false), CONFIRM_MS);
      },
      () => announce("Copying was refused by the browser"),
    );
  }, []);
  return { copied, copy };
}
