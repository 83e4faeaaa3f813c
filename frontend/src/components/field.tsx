import { type ReactNode, useId } from "react";

/** What a control needs to belong to its field. */
export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: string;
  /** Stands below the control, until a problem takes its place. */
  hint?: ReactNode;
  problem?: string | null | undefined;
  /** At the right of the label, such as the news that it was saved. */
  note?: ReactNode;
  children: (control: FieldControl) => ReactNode;
}

/** A labelled control with its description. The line below is there from the start, so nothing moves. */
export function Field({ label, hint, problem, note, children }: FieldProps) {
  const id = useId();
  const text = problem ?? hint;
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex h-5 items-center justify-between gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {note}
      </div>
      {children({
        id,
        "aria-describedby": text ? `${id}-text` : undefined,
        "aria-invalid": problem ? true : undefined,
      })}
      <p
        id={`${id}-text`}
        className={`min-h-[1lh] text-xs ${problem ? "text-danger" : "text-ink-3"}`}
      >
        {text}
      </p>
    </div>
  );
}

/** The look of everything that can be typed in or picked from. */
export const CONTROL =
  "min-h-9 w-full min-w-0 rounded-md border border-line-strong bg-raised px-3 text-sm text-ink transition-colors placeholder:text-ink-3 hover:border-ink-3 aria-invalid:border-danger disabled:opacity-60 pointer-coarse:min-h-11";

export const TEXT_AREA = `${CONTROL} field-sizing-content max-h-96 resize-y py-2 leading-relaxed`;
