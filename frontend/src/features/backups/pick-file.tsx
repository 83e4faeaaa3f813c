import { FileUp } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/components/button";

/** Takes a backup that lies elsewhere. What is in the file decides, not its name. */
export function PickFile({ onPick }: { onPick: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button onClick={() => input.current?.click()} className="pointer-coarse:min-h-10">
        <FileUp aria-hidden />
        Restore from a file
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Backup file"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onPick(file);
          event.target.value = "";
        }}
      />
    </>
  );
}
