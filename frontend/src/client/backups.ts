import { queryOptions } from "@tanstack/react-query";
import type { Backup, BackupSchedule, RestoreSummary, Ticket } from "./api";
import { apiUrl, request } from "./http";
import { everyPage, keys } from "./queries";
import { followSteps } from "./steps";

/** A backup of the console's own, or a file from elsewhere. */
export type RestoreSource = { name: string } | { file: File };

export interface BackupStep {
  phase: "copying" | "checking" | "done";
  done_bytes: number;
  total_bytes: number;
  /** Once it is done. */
  backup: Backup | null;
}

const pathOf = (name: string): string => `/api/admin/backups/${encodeURIComponent(name)}`;

/** Newest first. */
export const backupsQuery = queryOptions({
  queryKey: keys.backups,
  queryFn: ({ signal }) => everyPage<Backup>("/api/admin/backups", signal),
});

export const scheduleQuery = queryOptions({
  queryKey: [...keys.backups, "schedule"],
  queryFn: ({ signal }) =>
    request<BackupSchedule>("GET", "/api/admin/backups/schedule", { signal }),
});

/** Copies the store as it is now, telling each step. Throws as `followSteps` does. */
export function createBackup(onStep: (step: BackupStep) => void): Promise<void> {
  return followSteps("/api/admin/backups", onStep);
}

/** Reads all of it again; throws `ApiError` `backup_damaged` when it is not what was written. */
export function verifyBackup(name: string): Promise<Backup> {
  return request<Backup>("POST", `${pathOf(name)}/verify`);
}

export function deleteBackup(name: string): Promise<void> {
  return request<void>("DELETE", pathOf(name));
}

/** An address that hands the file to whoever opens it, once and within half a minute. */
export async function backupAddress(name: string): Promise<string> {
  const path = pathOf(name);
  const { ticket } = await request<Ticket>("POST", "/api/admin/tickets", { body: { path } });
  return apiUrl(path, { ticket });
}

/** Puts a backup in the place of what is here; a dry run only tells what that would change. */
export function restore(
  source: RestoreSource,
  { dry_run, signal }: { dry_run: boolean; signal?: AbortSignal },
): Promise<RestoreSummary> {
  const options = { body: bodyOf(source, dry_run), ...(signal ? { signal } : {}) };
  return request<RestoreSummary>("POST", "/api/admin/restore", options);
}

function bodyOf(source: RestoreSource, dry_run: boolean): unknown {
  if ("name" in source) return { name: source.name, dry_run };
  const form = new FormData();
  // Before the file, so that it is known by the time the file arrives.
  form.append("dry_run", String(dry_run));
  form.append("file", source.file);
  return form;
}
