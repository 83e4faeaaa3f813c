import { AlertDialog } from "@base-ui/react/alert-dialog";
import { type ReactNode, useRef } from "react";
import { Button } from "./button";

interface ConfirmDialogProps {
  open: boolean;
  title: string;
  children: ReactNode;
  confirm: string;
  cancel: string;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before what cannot be taken back. The keyboard starts at the answer that loses nothing. */
export function ConfirmDialog({
  open,
  title,
  children,
  confirm,
  cancel,
  onConfirm,
  onCancel,
}: ConfirmDialogProps) {
  const harmless = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open={open} onOpenChange={(opens) => !opens && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <AlertDialog.Popup
          initialFocus={harmless}
          className="fixed top-1/2 left-1/2 z-50 flex w-[min(26rem,calc(100vw-2rem))] -translate-1/2 flex-col gap-2 rounded-lg border border-line bg-raised p-5 shadow-pop outline-none transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
        >
          <AlertDialog.Title className="font-semibold wrap-anywhere">{title}</AlertDialog.Title>
          <AlertDialog.Description
            render={<div />}
            className="flex flex-col gap-2 text-sm wrap-anywhere text-ink-2"
          >
            {children}
          </AlertDialog.Description>
          <div className="mt-3 flex flex-wrap justify-end gap-2">
            <button
              ref={harmless}
              type="button"
              onClick={onCancel}
              className="min-h-8 rounded-md border border-line-strong px-3 text-sm font-medium hover:bg-hover pointer-coarse:min-h-10"
            >
              {cancel}
            </button>
            <Button look="danger" onClick={onConfirm} className="pointer-coarse:min-h-10">
              {confirm}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
