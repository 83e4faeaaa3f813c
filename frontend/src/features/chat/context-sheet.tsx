import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { Session } from "@/client/api";
import { compactionsQuery } from "@/client/queries";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { CompactForm } from "./compact-form";
import { SummaryItem } from "./summary-item";

interface ContextSheetProps {
  session: Session;
  onClose: () => void;
}

/** What stands for older messages in what is sent: its summaries, and how to have another one made. */
export default function ContextSheet({ session, onClose }: ContextSheetProps) {
  const query = useQuery(compactionsQuery(session.id));
  return (
    <Dialog.Root open onOpenChange={(opens) => !opens && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-canvas shadow-pop transition-transform outline-none data-ending-style:translate-x-full data-starting-style:translate-x-full sm:w-md">
          <div className="flex min-h-12 flex-none items-center gap-2 border-b border-line py-2 pr-2 pl-5">
            <Dialog.Title className="min-w-0 flex-1 font-semibold">Compact this chat</Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              className="inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink pointer-coarse:size-10"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <div
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
            tabIndex={0}
            role="region"
            aria-label="Summaries"
            className="flex min-h-0 flex-1 flex-col gap-6 overflow-y-auto px-5 py-4 -outline-offset-2"
          >
            <Dialog.Description className="text-sm text-ink-2">
              A summary is sent in place of the older turns. The messages stay as they are, and
              pinned ones are still sent themselves.
            </Dialog.Description>
            <CompactForm session={session} />
            {query.isPending && <SkeletonRows rows={2} className="h-20" />}
            {query.isError && query.data === undefined && (
              <ErrorNote title="The summaries could not be loaded" error={query.error} />
            )}
            {query.data && query.data.length > 0 && (
              <ul aria-label="Summaries" className="flex flex-col gap-4">
                {query.data.map((compaction) => (
                  <SummaryItem key={compaction.id} compaction={compaction} />
                ))}
              </ul>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
