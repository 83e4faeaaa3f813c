import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RestoreSource, restore } from "@/client/backups";
import { announce } from "@/lib/announcer";
import { forgetRuns } from "@/lib/stream/run-store";

/** A dry run of a restore, begun at once, and the restore itself. */
export function useRestore(source: RestoreSource) {
  const client = useQueryClient();
  const dryRun = useQuery({
    queryKey: ["restore", keyOf(source)],
    queryFn: ({ signal }) => restore(source, { dry_run: true, signal }),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnReconnect: false,
  });
  const apply = useMutation({
    mutationFn: () => restore(source, { dry_run: false }),
    onSuccess: async () => {
      announce("Restored");
      forgetRuns();
      // Nothing that was read before is true any more; what nobody looks at is read again when it is.
      client.removeQueries({ type: "inactive" });
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "restore" });
    },
  });
  return { dryRun, apply };
}

function keyOf(source: RestoreSource): string {
  if ("name" in source) return source.name;
  const { name, size, lastModified } = source.file;
  return `${name}\n${size}\n${lastModified}`;
}
