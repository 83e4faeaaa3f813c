import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy, useRef, useState } from "react";
import { type RestoreSource, backupsQuery } from "@/client/backups";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { ScreenHeader } from "@/components/screen-header";
import { SkeletonRows } from "@/components/skeleton-rows";
import { BackupRow } from "./backup-row";
import { MakeButton, MakingStatus } from "./making-status";
import { PickFile } from "./pick-file";
import { Schedule } from "./schedule";

const RestoreSheet = lazy(() => import("./restore-sheet"));

/** The copies of the store: make, check, fetch, delete, and go back to one. */
export function BackupsScreen() {
  const query = useQuery(backupsQuery);
  const [source, setSource] = useState<RestoreSource | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <>
      <ScreenHeader title="Backups">
        <MakeButton />
      </ScreenHeader>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-200 flex-col gap-6 px-5 pt-6 pb-16">
          <p className="max-w-prose text-sm text-ink-2">
            A backup is one file with everything in it: chats, profiles, settings and the record of
            what was spent. The provider’s key and the console’s token are never in it.
          </p>
          <MakingStatus />
          <section aria-labelledby="backups-list">
            <div className="flex flex-wrap items-center justify-between gap-2 pb-2">
              <h2
                id="backups-list"
                ref={heading}
                tabIndex={-1}
                className="font-semibold outline-none"
              >
                Kept here
              </h2>
              <PickFile onPick={(file) => setSource({ file })} />
            </div>
            {query.isPending && <SkeletonRows rows={3} className="h-14" />}
            {query.isError && query.data === undefined && (
              <ErrorNote title="The backups could not be listed" error={query.error}>
                <Button onClick={() => void query.refetch()}>Try again</Button>
              </ErrorNote>
            )}
            {query.data?.length === 0 && (
              <p className="rounded-lg border border-dashed border-line-strong px-4 py-6 text-center text-sm text-ink-2">
                No backup yet. “Back up now” makes the first one; nothing waits for it.
              </p>
            )}
            {query.data && query.data.length > 0 && (
              <ul aria-labelledby="backups-list" className="flex flex-col">
                {query.data.map((backup) => (
                  <BackupRow
                    key={backup.name}
                    backup={backup}
                    onRestore={() => setSource({ name: backup.name })}
                    onRemoved={() => heading.current?.focus()}
                  />
                ))}
              </ul>
            )}
          </section>
          <section
            aria-labelledby="backups-schedule"
            className="flex flex-col gap-3 border-t border-line pt-6"
          >
            <h2 id="backups-schedule" className="font-semibold">
              Schedule
            </h2>
            <Schedule />
          </section>
        </div>
      </div>
      {source && (
        <Suspense>
          <RestoreSheet source={source} onClose={() => setSource(null)} />
        </Suspense>
      )}
    </>
  );
}
