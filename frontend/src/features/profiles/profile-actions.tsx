import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Copy, Download, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Profile } from "@/client/api";
import { createProfile, deleteProfile } from "@/client/profiles";
import { keys } from "@/client/queries";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { IconButton } from "@/components/icon-button";
import { toasts } from "@/components/toasts";
import { downloadJson } from "@/lib/download";
import { bodyOf, draftOf } from "./profile-draft";
import { keepProfile } from "./save-profile";

/** What can be done with a stored profile. */
export function ProfileActions({ profile }: { profile: Profile }) {
  const [asking, setAsking] = useState(false);
  const duplicate = useDuplicate(profile);
  const remove = useRemove(profile);
  return (
    <>
      <IconButton
        label="Duplicate"
        disabled={duplicate.isPending}
        onClick={() => duplicate.mutate()}
      >
        <Copy aria-hidden />
      </IconButton>
      <IconButton label="Export as JSON" onClick={() => downloadJson(profile.name, profile)}>
        <Download aria-hidden />
      </IconButton>
      <IconButton label="Delete" disabled={remove.isPending} onClick={() => setAsking(true)}>
        <Trash2 aria-hidden />
      </IconButton>
      <ConfirmDialog
        open={asking}
        title={`Delete “${profile.name}”?`}
        confirm="Delete profile"
        cancel="Keep it"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          remove.mutate();
        }}
      >
        <p>
          Chats that use it stay as they are. Their next answers go by the model picked in the chat
          and else by the settings, without this system prompt.
        </p>
        {profile.is_default && <p>It is the default: new chats will start without a profile.</p>}
        <p>This cannot be undone. Export it first to keep a copy.</p>
      </ConfirmDialog>
    </>
  );
}

function useDuplicate(profile: Profile) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () =>
      createProfile({
        ...bodyOf(draftOf(profile)),
        // The longest name that is taken, so that a copy of it is too.
        name: `${[...profile.name].slice(0, 113).join("")} (copy)`,
        is_default: false,
      }),
    onSuccess: (copy) => {
      keepProfile(client, copy);
      void navigate({ to: "/app/profiles", search: { profile: copy.id } });
    },
    onError: (error) => sayNotDone("Not duplicated", error),
  });
}

function useRemove({ id, name }: Profile) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => deleteProfile(id),
    onSuccess: async () => {
      await navigate({ to: "/app/profiles", replace: true, ignoreBlocker: true });
      toasts.add({ title: `Deleted “${name}”` });
      void client.invalidateQueries({ queryKey: keys.profiles });
    },
    onError: (error) => sayNotDone(`“${name}” was not deleted`, error),
  });
}

function sayNotDone(title: string, error: Error): void {
  toasts.add({ title, description: error.message, priority: "high" });
}
