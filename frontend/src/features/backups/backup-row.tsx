import { Download, RotateCcw, ShieldCheck, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Backup } from "@/client/api";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorNote } from "@/components/error-note";
import { IconButton } from "@/components/icon-button";
import { formatAge, formatMoment } from "@/lib/age";
import { formatBytes } from "@/lib/format";
import { describeCounts } from "./tables";
import { useBackupActions } from "./use-backup-actions";

const KINDS: Record<Backup["kind"], string> = {
  manual: "By hand",
  scheduled: "By schedule",
  before_restore: "Before a restore",
};

interface BackupRowProps {
  backup: Backup;
  onRestore: () => void;
  /** The row is about to go, and the keyboard with it. */
  onRemoved: () => void;
}

/** One backup: when, how, how much, and what can be done with it. */
export function BackupRow({ backup, onRestore, onRemoved }: BackupRowProps) {
  const { name, kind, size_bytes, created_at, verified_at, counts } = backup;
  const [asking, setAsking] = useState(false);
  const { download, verify, remove } = useBackupActions(backup, onRemoved);
  const failed = [download, verify, remove].find(({ isError }) => isError);
  const when = formatMoment(created_at);
  const facts = [
    formatBytes(size_bytes),
    describeCounts(counts),
    verified_at === null ? "never checked" : `checked ${formatAge(verified_at)}`,
  ];
  return (
    <li
      aria-label={`Backup of ${when}`}
      className="flex flex-col gap-2 border-t border-line py-3 first:border-t-0"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <div className="min-w-56 flex-1">
          <p className="flex flex-wrap items-center gap-x-2.5 text-sm">
            <span className="font-medium">{when}</span>
            <span className="text-ink-3">{formatAge(created_at)}</span>
            <span className="rounded-full bg-hover px-2 py-0.5 text-xs text-ink-2">
              {KINDS[kind]}
            </span>
          </p>
          <p className="text-xs text-ink-3 tabular-nums">{facts.filter(Boolean).join(" · ")}</p>
        </div>
        <div className="-mr-2 ml-auto flex items-center gap-0.5">
          <Button
            look="quiet"
            aria-label={`Restore the backup of ${when}`}
            onClick={onRestore}
            className="pointer-coarse:min-h-10"
          >
            <RotateCcw aria-hidden />
            Restore
          </Button>
          <IconButton
            label={verify.isPending ? "Checking…" : "Check that it is whole"}
            disabled={verify.isPending}
            onClick={() => verify.mutate()}
          >
            <ShieldCheck aria-hidden className={verify.isPending ? "animate-pulse" : ""} />
          </IconButton>
          <IconButton
            label="Download"
            disabled={download.isPending}
            onClick={() => download.mutate()}
          >
            <Download aria-hidden />
          </IconButton>
          <IconButton label="Delete" disabled={remove.isPending} onClick={() => setAsking(true)}>
            <Trash2 aria-hidden />
          </IconButton>
        </div>
      </div>
      {failed?.error && <ErrorNote title={FAILED[failed.what]} error={failed.error} />}
      <ConfirmDialog
        open={asking}
        title={`Delete the backup of ${when}?`}
        confirm="Delete backup"
        cancel="Keep it"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          remove.mutate();
        }}
      >
        <p>
          <code className="font-mono">{name}</code> is removed from the folder of the backups. This
          cannot be undone. What is in the console now stays as it is.
        </p>
      </ConfirmDialog>
    </li>
  );
}

const FAILED = {
  download: "It could not be downloaded",
  verify: "It did not pass the check",
  remove: "It was not deleted",
};
