import { useState } from "react";
import type { ImagePart } from "@/client/api";
import { announce } from "@/lib/announcer";
import { plural } from "@/lib/format";

const MOST = 8;

export interface Images {
  parts: readonly ImagePart[];
  /** Why the last file was not attached. */
  problem: string | null;
  add: (files: Iterable<File>) => Promise<void>;
  remove: (part: ImagePart) => void;
  clear: () => void;
}

/** The pictures that go with the next message. */
export function useImages(): Images {
  const [parts, setParts] = useState<readonly ImagePart[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
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
    setParts((before) => [...before, ...read].slice(0, MOST));
    if (parts.length + read.length > MOST) setProblem("At most 8 pictures go with one message.");
    if (read.length > 0) announce(`${plural(read.length, "picture")} attached`);
  };
  return {
    parts,
    problem,
    add,
    remove: (part) => {
      setParts((before) => before.filter((kept) => kept !== part));
      setProblem(null);
    },
    clear: () => {
      setParts([]);
      setProblem(null);
    },
  };
}
