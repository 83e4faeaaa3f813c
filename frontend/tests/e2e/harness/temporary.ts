import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives the whole run one temporary folder, which every process it starts inherits, and removes it at the end.
 * Its name is short because Chromium keeps a socket in it, whose path may not be long.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
