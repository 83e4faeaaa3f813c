import { useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import type { SyncStep } from "@/client/models";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { plural } from "@/lib/format";
import { startSync, useSync } from "./sync";

export function SyncButton() {
  const client = useQueryClient();
  const running = useSync(({ state }) => state === "running");
  return (
    <Button
      aria-disabled={running}
      onClick={() => void startSync(client)}
      className="aria-disabled:opacity-60"
    >
      <RefreshCw aria-hidden className={running ? "animate-spin" : ""} />
      {running ? "Syncing…" : "Sync"}
    </Button>
  );
}

const STEPS: Record<SyncStep["phase"], number> = { fetching: 1, storing: 2, done: 3 };

/** How far the sync is, in words and as a line along the bottom of what it stands in. */
export function SyncProgress() {
  const sync = useSync();
  if (sync.state === "done") return <span>{plural(sync.models, "model")} synced</span>;
  if (sync.state !== "running") return null;
  const phase = sync.step?.phase ?? "fetching";
  return (
    <>
      <span>
        {phase === "fetching"
          ? "Asking the provider…"
          : `Storing ${plural(sync.step?.models ?? 0, "model")}…`}
      </span>
      <progress
        aria-label="Sync"
        max={3}
        value={STEPS[phase]}
        className="absolute inset-x-0 -bottom-px h-0.5 w-full appearance-none bg-line [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]"
      />
    </>
  );
}

export function SyncFailure() {
  const client = useQueryClient();
  const error = useSync((sync) => (sync.state === "failed" ? sync.error : null));
  if (!error) return null;
  return (
    <div className="px-4 py-3">
      <ErrorNote title="Not synced; the list is as it was" error={error}>
        <Button onClick={() => void startSync(client)}>Try again</Button>
      </ErrorNote>
    </div>
  );
}
