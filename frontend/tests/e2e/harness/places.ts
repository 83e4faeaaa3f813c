import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const REPOSITORY = resolve(import.meta.dirname, "../../../..");
export const BACKEND = join(REPOSITORY, "backend");
export const PYTHON = join(BACKEND, ".venv/bin/python");
export const PAGE = join(REPOSITORY, "frontend/dist");
/** Screenshots of failed tests. Git ignores it. */
export const ARTIFACTS = join(REPOSITORY, ".artifacts/e2e");

/** A new folder inside the run's own. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `${name}-`));
}

/** An environment that holds nothing of the user's own. */
export function cleanEnvironment(variables: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    LANG: "C.UTF-8",
    HOME: temporaryFolder("home"),
    TMPDIR: tmpdir(),
    ...variables,
  };
}
