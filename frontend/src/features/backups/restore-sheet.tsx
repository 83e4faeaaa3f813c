import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useState } from "react";
import type { RestoreSource } from "@/client/backups";
import { ApiError } from "@/client/http";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorNote } from "@/components/error-note";
import { PROGRESS } from "@/components/progress";
import { RestoreDiff } from "./restore-diff";
import { useRestore } from "./use-restore";

interface RestoreSheetProps {
  source: RestoreSource;
  onClose: () => void;
}

/** Going back to a backup: what that would change first, then the question, then what it changed. */
export default function RestoreSheet({ source, onClose }: RestoreSheetProps) {
  const { dryRun, apply } = useRestore(source);
  const [asking, setAsking] = useState(false);
  const name = "name" in source ? source.name : source.file.name;
  const summary = apply.data ?? dryRun.data;
  const close = (): void => {
    // Its end is worth seeing; the console finishes it in any case.
    if (!apply.isPending) onClose();
  };
  return (
    <Dialog.Root open onOpenChange={(opens) => !opens && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-canvas shadow-pop transition-transform outline-none data-ending-style:translate-x-full data-starting-style:translate-x-full sm:w-lg">
          <div className="flex min-h-12 flex-none items-center gap-2 border-b border-line py-2 pr-2 pl-5">
            <Dialog.Title className="min-w-0 flex-1 font-semibold">Restore a backup</Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              disabled={apply.isPending}
              className="inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink disabled:opacity-50 pointer-coarse:size-10"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <div
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
            tabIndex={0}
            role="region"
            aria-label="What it changes"
            className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 py-4 -outline-offset-2"
          >
            <p className="font-mono text-sm wrap-anywhere text-ink-2">{name}</p>
            {dryRun.isPending && (
              <Working text="Reading the backup, row by row. Nothing changes." />
            )}
            {dryRun.isError && (
              <ErrorNote title="It cannot be restored" error={dryRun.error}>
                {!isVerdict(dryRun.error) && (
                  <Button onClick={() => void dryRun.refetch()}>Try again</Button>
                )}
              </ErrorNote>
            )}
            {apply.isError && <ErrorNote title="Not restored" error={apply.error} />}
            {apply.isSuccess && <Restored safety={apply.data.safety_backup} />}
            {summary && <RestoreDiff summary={summary} />}
            {apply.isPending && (
              <Working text="Restoring. Answers wait until it is done; close nothing." />
            )}
          </div>
          <div className="flex flex-none justify-end gap-2 border-t border-line px-5 py-3">
            {apply.isSuccess ? (
              <Button look="primary" onClick={close} className="pointer-coarse:min-h-11">
                Done
              </Button>
            ) : (
              <>
                <Button
                  disabled={apply.isPending}
                  onClick={close}
                  className="pointer-coarse:min-h-11"
                >
                  Cancel
                </Button>
                <Button
                  look="danger"
                  disabled={!dryRun.data || apply.isPending}
                  onClick={() => setAsking(true)}
                  className="pointer-coarse:min-h-11"
                >
                  {apply.isPending ? "Restoring…" : "Restore…"}
                </Button>
              </>
            )}
          </div>
          <ConfirmDialog
            open={asking}
            title="Put this backup in the place of what is here?"
            confirm="Restore"
            cancel="Keep what is here"
            onCancel={() => setAsking(false)}
            onConfirm={() => {
              setAsking(false);
              apply.mutate();
            }}
          >
            <p>
              What is here now is first kept as a backup of its own, “Before a restore”, so that you
              can go back.
            </p>
            <p>
              Answers that are being written are stopped. What was spent stays on record, whatever
              the backup knows of it.
            </p>
          </ConfirmDialog>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Whether it is about the file itself, which another try does not change. */
function isVerdict(error: Error): boolean {
  return error instanceof ApiError && error.status < 500;
}

function Working({ text }: { text: string }) {
  return (
    <div role="status" className="flex flex-col gap-2 text-sm text-ink-2">
      {text}
      <progress aria-label="Restore" className={PROGRESS} />
    </div>
  );
}

function Restored({ safety }: { safety: string | null }) {
  return (
    <p role="status" className="rounded-lg border border-line bg-accent-soft px-4 py-3 text-sm">
      <span className="font-medium">Restored.</span> Every open page shows it now.
      {safety !== null && (
        <>
          {" "}
          What was here before is kept as <code className="font-mono wrap-anywhere">{safety}</code>.
        </>
      )}
    </p>
  );
}
