import type { Root } from "hast";
import { useEffect, useState } from "react";

/** Longer blocks stay plain: colours are not worth a stall. */
const MAX_CHARACTERS = 50_000;

/** The block's tree of coloured spans, or null while it is loading, unknown, or not wanted yet. */
export function useHighlight(code: string, language: string, wanted: boolean): Root | null {
  const [tree, setTree] = useState<{ code: string; root: Root } | null>(null);
  useEffect(() => {
    if (!wanted || !language || code.length > MAX_CHARACTERS) return;
    let current = true;
    void import("./highlight").then(({ lowlight }) => {
      if (current && lowlight.registered(language)) {
        setTree({ code, root: lowlight.highlight(language, code) });
      }
    });
    return () => {
      current = false;
    };
  }, [code, language, wanted]);
  return tree?.code === code ? tree.root : null;
}
