import { ImagePlus } from "lucide-react";
import { useRef } from "react";
import { IconButton } from "@/components/icon-button";

const ACCEPTED = "image/png,image/jpeg,image/webp,image/gif";

/** Picks pictures from the reader's files. They can be pasted and dropped too. */
export function AttachButton({ onPick }: { onPick: (files: Iterable<File>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton
        label="Attach pictures (PNG, JPEG, WebP, GIF, at most 10 MB each)"
        onClick={() => input.current?.click()}
      >
        <ImagePlus aria-hidden />
      </IconButton>
      <input
        ref={input}
        type="file"
        accept={ACCEPTED}
        multiple
        hidden
        aria-label="Pictures"
        onChange={(event) => {
          onPick([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}
