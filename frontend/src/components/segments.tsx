import { useId } from "react";
import type { FieldControl } from "./field";

interface SegmentsProps<T> {
  legend: string;
  /** Of the field it stands in. */
  control: Pick<FieldControl, "aria-describedby">;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
}

/** One of two or three that are all shown: radio buttons side by side. */
export function Segments<T extends string>({
  legend,
  control,
  options,
  value,
  onChange,
}: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset
      aria-label={legend}
      aria-describedby={control["aria-describedby"]}
      className="inline-flex max-w-full self-start rounded-md border border-line-strong bg-sunken p-0.5"
    >
      {options.map((option) => (
        <label
          key={option.value}
          className="relative inline-flex min-h-8 flex-1 items-center justify-center rounded-sm border border-transparent px-2.5 sm:px-3 text-sm whitespace-nowrap text-ink-2 transition-colors hover:text-ink has-checked:border-line has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:min-h-10"
        >
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="absolute inset-0 cursor-pointer appearance-none rounded-sm outline-none"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
