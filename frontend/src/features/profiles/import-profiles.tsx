import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Upload } from "lucide-react";
import { useRef } from "react";
import { ApiError } from "@/client/http";
import { importProfiles } from "@/client/profiles";
import { keys } from "@/client/queries";
import { IconButton } from "@/components/icon-button";
import { toasts } from "@/components/toasts";
import { plural } from "@/lib/format";

/** Adds the profiles of a JSON file: one that was exported here, or a list of them. */
export function ImportProfiles() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const add = useMutation({
    mutationFn: importProfiles,
    onSuccess: async (added) => {
      await client.invalidateQueries({ queryKey: keys.profiles });
      toasts.add({ title: `Imported ${plural(added.length, "profile")}` });
      const [only, another] = added;
      if (only && !another) void navigate({ to: "/app/profiles", search: { profile: only.id } });
    },
    onError: (error) =>
      // It says what to mend in the file, so it stays until it is dismissed.
      void toasts.add({
        title: "Not imported",
        description: reasonOf(error),
        priority: "high",
        timeout: 0,
      }),
  });
  return (
    <>
      <IconButton
        label="Import from a JSON file"
        disabled={add.isPending}
        onClick={() => input.current?.click()}
      >
        <Upload aria-hidden />
      </IconButton>
      <input
        ref={input}
        type="file"
        aria-label="JSON file with profiles"
        accept="application/json,.json"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file again is a change again.
          event.target.value = "";
          if (file) add.mutate(file);
        }}
      />
    </>
  );
}

/** The server's words, with what in the file it stumbled over. */
function reasonOf(error: Error): string {
  const reason = error instanceof ApiError ? error.details.reason : undefined;
  return typeof reason === "string" ? `${error.message} (${reason})` : error.message;
}
