import { useMemo, useState } from "react";
import type { ImagePart } from "@/client/api";
import { announce } from "@/lib/announcer";
import { plural } from "@/lib/format";
import { type DraftPart, changeDraftParts, useDraftParts } from "./draft-parts";

const MOST = 8;

export interface Images {
  parts: readonly ImagePart[];
  /** Why the last file was not attached. */
  problem: string | null;
  add: (files: Iterable<File>) => Promise<void>;
  remove: (index: number) => void;
  clear: () => void;
}

/** The pictures that go with the next message: kept with the conversation until they are sent. */
export function useImages(sessionId: string | null): Images {
  const waiting = useDraftParts(sessionId);
  const parts = useMemo(() => waiting.filter(isImage), [waiting]);
  const [problem, setProblem] = useState<string | null>(null);
  /** At once: a page that is left lets no large call go on. */
  const change = (next: (images: readonly ImagePart[]) => readonly ImagePart[]): void =>
    changeDraftParts(
      sessionId,
      (all) => [...all.filter((part) => !isImage(part)), ...next(all.filter(isImage))],
      0,
    );
  const add = async (files: Iterable<File>): Promise<void> => {
    setProblem(null);
    const { readImage } = await import("./read-image");
    const read: ImagePart[] = [];
    for (const file of files) {
      try {
        read.push(await readImage(file));
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
      }
    }
    if (read.length === 0) return;
    change((before) => [...before, ...read].slice(0, MOST));
    if (parts.length + read.length > MOST) setProblem("At most 8 pictures go with one message.");
    announce(`${plural(read.length, "picture")} attached`);
  };
  return {
    parts,
    problem,
    add,
    remove: (index) => {
      change((before) => before.toSpliced(index, 1));
      setProblem(null);
    },
    clear: () => {
      if (parts.length > 0) change(() => []);
      setProblem(null);
    },
  };
}

function isImage(part: DraftPart): part is ImagePart {
  return part.type === "image";
}
