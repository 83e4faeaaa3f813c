import { Link, useBlocker, useNavigate } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Profile } from "@/client/api";
import { Button, buttonClass } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorNote } from "@/components/error-note";
import { announce } from "@/lib/announcer";
import { useShortcut } from "@/lib/shortcuts";
import { ProfileActions } from "./profile-actions";
import { ProfileFields } from "./profile-fields";
import { StaleNotice } from "./stale-notice";
import { useProfileForm } from "./use-profile-form";

interface ProfilePaneProps {
  /** Null while one is made, and when the one that was opened is gone. */
  profile: Profile | null;
  isNew: boolean;
}

/** One profile: its form, what can be done with it, and what stands between it and being saved. */
export function ProfilePane({ profile, isNew }: ProfilePaneProps) {
  const navigate = useNavigate();
  const formElement = useRef<HTMLFormElement>(null);
  const form = useProfileForm(profile, (created) => {
    announce("Profile created");
    void navigate({
      to: "/app/profiles",
      search: { profile: created.id },
      replace: true,
      ignoreBlocker: true,
    });
  });
  const { dirty, saving, failures, stale } = form;
  const blocker = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  useShortcut("save", () => void form.submit());
  useEffect(() => {
    if (failures === 0) return;
    formElement.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [failures]);

  if (!profile && !isNew && !form.gone) return <NoSuchProfile />;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-12 flex-none items-center gap-1 border-b border-line px-2 md:px-5">
        <Link
          to="/app/profiles"
          aria-label="All profiles"
          className="inline-flex size-10 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover md:hidden"
        >
          <ChevronLeft aria-hidden className="size-5" />
        </Link>
        <h2 tabIndex={-1} className="min-w-0 flex-1 truncate text-sm font-semibold outline-none">
          {profile?.name ?? "New profile"}
        </h2>
        {profile && <ProfileActions profile={profile} />}
      </div>
      <form
        ref={formElement}
        noValidate
        aria-label={profile?.name ?? "New profile"}
        onSubmit={(event) => {
          event.preventDefault();
          void form.submit();
        }}
        className="flex min-h-0 flex-1 flex-col"
      >
        <div className="min-h-0 flex-1 overflow-y-auto">
          <div className="flex max-w-176 flex-col gap-4 px-5 py-5">
            {form.gone && (
              <p
                role="alert"
                className="rounded-lg border border-line bg-warn-soft px-4 py-3 text-sm"
              >
                <span className="font-medium">This profile was deleted elsewhere.</span> Saving
                makes it anew; chats that used it go on without a profile.
              </p>
            )}
            {stale && (
              <StaleNotice
                {...stale}
                draft={form.draft}
                onKeepMine={form.keepMine}
                onLoadTheirs={form.loadTheirs}
              />
            )}
            <ProfileFields form={form} isNew={isNew} />
          </div>
        </div>
        <div className="flex flex-none flex-col gap-2 border-t border-line bg-canvas px-5 py-3">
          {form.error && <ErrorNote title="Not saved" error={form.error} />}
          <div className="flex items-center gap-2">
            <Button
              type="submit"
              look="primary"
              className="min-w-28 pointer-coarse:min-h-11"
              disabled={!form.canSave}
            >
              {saving ? "Saving…" : isNew || form.gone ? "Create" : "Save"}
            </Button>
            {dirty && !isNew && (
              <Button look="quiet" disabled={saving} onClick={form.discard}>
                Discard changes
              </Button>
            )}
            <span aria-live="polite" className="ml-auto text-sm text-ink-3">
              {dirty ? "Not saved yet" : profile ? "Saved" : ""}
            </span>
          </div>
        </div>
      </form>
      <ConfirmDialog
        open={blocker.status === "blocked"}
        title="Leave without saving?"
        confirm="Discard and leave"
        cancel="Keep editing"
        onConfirm={() => blocker.proceed?.()}
        onCancel={() => blocker.reset?.()}
      >
        What you changed in “{form.draft.name || "New profile"}” is not stored yet.
      </ConfirmDialog>
    </div>
  );
}

function NoSuchProfile() {
  return (
    <div className="m-auto flex flex-col items-start gap-3 p-6">
      <h2 className="text-lg font-semibold">This profile is gone</h2>
      <p className="text-ink-2">It was deleted, or the link is not complete.</p>
      <Link to="/app/profiles" className={buttonClass("plain")}>
        Show all profiles
      </Link>
    </div>
  );
}
