import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Download, Plus } from "lucide-react";
import { useRef } from "react";
import { profilesQuery } from "@/client/queries";
import { Button, buttonClass } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { IconButton } from "@/components/icon-button";
import { ScreenHeader } from "@/components/screen-header";
import { SkeletonRows } from "@/components/skeleton-rows";
import { downloadJson } from "@/lib/download";
import { ImportProfiles } from "./import-profiles";
import { ProfileList } from "./profile-list";
import { ProfilePane } from "./profile-pane";
import { useLostFocus } from "./use-lost-focus";

/** Profiles beside the one that is open; on a phone one after the other. The address says which is open. */
export function ProfilesScreen() {
  const open = useSearch({ strict: false, select: ({ profile }) => profile });
  const query = useQuery(profilesQuery);
  const profiles = query.data ?? [];
  const isNew = open === "new";
  const container = useRef<HTMLDivElement>(null);
  useLostFocus(container, open === undefined ? "nav" : "h2", open);
  const isEmpty = query.isSuccess && profiles.length === 0;
  return (
    <>
      <ScreenHeader title="Profiles">
        <ImportProfiles />
        {profiles.length > 0 && (
          <IconButton
            label="Export all as JSON"
            onClick={() => downloadJson("profiles", { items: profiles })}
          >
            <Download aria-hidden />
          </IconButton>
        )}
        {!isEmpty && <NewProfileLink />}
      </ScreenHeader>
      {isEmpty && open === undefined ? (
        <NoProfiles />
      ) : (
        <div ref={container} className="flex min-h-0 flex-1">
          <nav
            aria-label="All profiles"
            tabIndex={-1}
            className={`outline-none min-h-0 flex-none overflow-y-auto border-line p-2 max-md:w-full md:w-72 md:border-r ${open === undefined ? "" : "max-md:hidden"}`}
          >
            {query.isPending && <SkeletonRows rows={4} className="h-13" />}
            {query.isError && query.data === undefined && (
              <ErrorNote title="The profiles could not be loaded" error={query.error}>
                <Button onClick={() => void query.refetch()}>Try again</Button>
              </ErrorNote>
            )}
            <ProfileList profiles={profiles} isMaking={isNew} />
          </nav>
          {open === undefined ? (
            <p className="m-auto hidden p-6 text-ink-3 md:block">
              {profiles.length > 0 && "Pick a profile to see and change it."}
            </p>
          ) : (
            (isNew || query.isSuccess) && (
              <ProfilePane
                key={open}
                isNew={isNew}
                profile={profiles.find(({ id }) => id === open) ?? null}
              />
            )
          )}
        </div>
      )}
    </>
  );
}

function NewProfileLink() {
  return (
    <Link to="/app/profiles" search={{ profile: "new" }} className={buttonClass("primary")}>
      <Plus aria-hidden />
      <span>
        New <span className="max-[24rem]:hidden">profile</span>
      </span>
    </Link>
  );
}

function NoProfiles() {
  return (
    <div className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
      <h2 className="text-xl font-semibold tracking-tight">No profiles yet</h2>
      <p className="text-ink-2">
        A profile keeps a system prompt, a model and its parameters under one name, to be picked
        beside the composer.
      </p>
      <NewProfileLink />
    </div>
  );
}
