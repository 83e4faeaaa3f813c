import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { Query } from "@/client/http";
import { exportAddress } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { downloadFrom } from "@/lib/download";

const FORMATS = [
  { format: "csv", label: "CSV" },
  { format: "jsonl", label: "JSONL" },
] as const;

/** All rows that the filters leave, as a file: not only those that are shown. */
export function ExportButtons({ query, disabled }: { query: Query; disabled: boolean }) {
  const save = useMutation({
    mutationFn: async (format: "csv" | "jsonl") => downloadFrom(await exportAddress(query, format)),
  });
  return (
    <>
      <span className="flex items-center gap-2">
        {FORMATS.map(({ format, label }) => (
          <Button
            key={format}
            aria-label={`Export as ${label}`}
            disabled={disabled || save.isPending}
            onClick={() => save.mutate(format)}
            className="pointer-coarse:min-h-10"
          >
            <Download aria-hidden />
            {label}
          </Button>
        ))}
      </span>
      {save.isError && <ErrorNote title="It could not be exported" error={save.error} />}
    </>
  );
}
