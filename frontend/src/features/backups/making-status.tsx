import { useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import type { BackupStep } from "@/client/backups";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { PROGRESS } from "@/components/progress";
import { formatBytes } from "@/lib/format";
import { makeBackup, useMaking } from "./making";

export function MakeButton() {
  const client = useQueryClient();
  const running = useMaking(({ state }) => state === "running");
  return (
    <Button
      look="primary"
      aria-disabled={running}
      onClick={() => void makeBackup(client)}
      className="aria-disabled:opacity-60 pointer-coarse:min-h-10"
    >
      <Plus aria-hidden />
      {running ? "Backing up…" : "Back up now"}
    </Button>
  );
}

const PHASES: Record<BackupStep["phase"], string> = {
  copying: "Copying",
  checking: "Checking what was written",
  done: "Done",
};

/** How far the backup is, or why there is none. */
export function MakingStatus() {
  const client = useQueryClient();
  const making = useMaking();
  if (making.state === "failed") {
    return (
      <ErrorNote title="No backup was made" error={making.error}>
        <Button onClick={() => void makeBackup(client)}>Try again</Button>
      </ErrorNote>
    );
  }
  if (making.state !== "running") return null;
  const { step } = making;
  return (
    <div className="rounded-lg border border-line bg-sunken px-4 py-3 text-sm">
      <p className="flex justify-between gap-4">
        <span>{step ? PHASES[step.phase] : "Beginning"}…</span>
        {step && (
          <span className="text-ink-3 tabular-nums">
            {formatBytes(step.done_bytes)} of {formatBytes(step.total_bytes)}
          </span>
        )}
      </p>
      <progress
        aria-label="Backup"
        {...(step ? { max: Math.max(step.total_bytes, 1), value: step.done_bytes } : {})}
        className={`mt-2 ${PROGRESS}`}
      />
    </div>
  );
}
