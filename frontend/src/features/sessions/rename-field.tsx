import { useRef } from "react";

interface RenameFieldProps {
  title: string;
  /** Called once: with the new title, or with null when it stays as it was. */
  onDone: (title: string | null) => void;
}

/** Enter or leaving the field keeps the new title, Escape drops it. */
export function RenameField({ title, onDone }: RenameFieldProps) {
  const done = useRef(false);
  const finish = (value: string | null): void => {
    if (done.current) return;
    done.current = true;
    const trimmed = value?.trim();
    onDone(trimmed && trimmed !== title ? trimmed : null);
  };
  return (
    <input
      aria-label="Title"
      defaultValue={title}
      maxLength={200}
      ref={(input) => {
        input?.focus();
        input?.select();
      }}
      onBlur={(event) => finish(event.target.value)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") finish(event.currentTarget.value);
        if (event.key === "Escape") {
          event.preventDefault();
          finish(null);
        }
      }}
      className="min-h-8 w-full rounded-md border border-accent bg-raised px-1.75 text-sm outline-none"
    />
  );
}
