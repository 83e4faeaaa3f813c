import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Backup } from "@/client/api";
import { backupAddress, deleteBackup, verifyBackup } from "@/client/backups";
import { keys } from "@/client/queries";
import { announce } from "@/lib/announcer";
import { downloadFrom } from "@/lib/download";

/** What can be done with a stored backup, each with how it went. */
export function useBackupActions({ name }: Backup, onRemoved: () => void) {
  const client = useQueryClient();
  const refetch = (): Promise<void> => client.invalidateQueries({ queryKey: keys.backups });
  const download = useMutation({
    mutationFn: async () => downloadFrom(await backupAddress(name)),
  });
  const verify = useMutation({
    mutationFn: () => verifyBackup(name),
    onSuccess: async () => {
      announce("The backup is whole");
      await refetch();
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteBackup(name),
    onSuccess: async () => {
      announce("Backup deleted");
      onRemoved();
      await refetch();
    },
  });
  return {
    download: { what: "download", ...download },
    verify: { what: "verify", ...verify },
    remove: { what: "remove", ...remove },
  } as const;
}
