import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import type { Settings } from "@/client/api";
import { patchSettings } from "@/client/settings";
import { keys } from "@/client/queries";
import { announce } from "@/lib/announcer";

/** Saves one setting; each field has its own, so that each says for itself how it went. */
export function useSaveSetting(label: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: patchSettings,
    onSuccess: (settings) => {
      client.setQueryData<Settings>(keys.settings, settings);
      announce(`${label} saved`);
    },
  });
}

type Save = ReturnType<typeof useSaveSetting>;

interface SaveNoteProps {
  save: Pick<Save, "isPending" | "isSuccess" | "isError">;
  /** What is typed is not what is stored. */
  isDirty?: boolean;
}

/** How saving went, beside the label of the field. */
export function SaveNote({ save, isDirty = false }: SaveNoteProps) {
  if (save.isPending) return <Note>Saving…</Note>;
  if (isDirty || save.isError) return <Note>Not saved</Note>;
  if (!save.isSuccess) return null;
  return (
    <Note>
      <Check aria-hidden className="size-3.5 text-accent" />
      Saved
    </Note>
  );
}

function Note({ children }: { children: React.ReactNode }) {
  return <span className="inline-flex items-center gap-1 text-xs text-ink-3">{children}</span>;
}
