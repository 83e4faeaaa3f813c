import { X } from "lucide-react";
import { IconButton } from "@/components/icon-button";
import type { Images } from "./use-images";

interface AttachmentsProps {
  images: Images;
  /** Why the pictures cannot be sent as things are. */
  refusal: string | null;
  /** They are kept with their conversation; before it is stored, the page alone has them. */
  isKept: boolean;
  returnFocus: () => HTMLElement | null;
}

/** The pictures that wait in the composer. */
export default function Attachments({ images, refusal, isKept, returnFocus }: AttachmentsProps) {
  const said = refusal ?? images.problem;
  return (
    <div className="flex flex-col gap-2 px-4 pt-3">
      {said && (
        <p role="alert" className="text-sm text-danger">
          {said}
        </p>
      )}
      {images.parts.length > 0 && (
        <ul aria-label="Pictures to send" className="flex flex-wrap gap-3.5">
          {images.parts.map((part, index) => (
            <li key={index} className="relative">
              <img
                src={part.url}
                alt={part.name ?? `Picture ${index + 1}`}
                className="size-16 rounded-md border border-line bg-sunken object-cover"
              />
              <IconButton
                label={`Remove ${part.name ?? `picture ${index + 1}`}`}
                onClick={() => {
                  images.remove(index);
                  returnFocus()?.focus();
                }}
                className="absolute -top-2 -right-2 !size-6 !rounded-full border border-line bg-raised pointer-coarse:!size-8"
              >
                <X aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {images.parts.length > 0 && !isKept && (
        <p className="text-xs text-ink-3">
          Pictures wait on this page only, until they are sent; what you write is kept.
        </p>
      )}
    </div>
  );
}
