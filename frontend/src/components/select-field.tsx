import { Select } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import { CONTROL, type FieldControl } from "./field";

interface Option<T> {
  value: T;
  label: string;
}

interface SelectFieldProps<T> {
  /** Of the field it stands in, or the name that it has without one. */
  control: FieldControl | { "aria-label": string };
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few. */
export function SelectField<T extends string | number | null>({
  control,
  options,
  value,
  onChange,
}: SelectFieldProps<T>) {
  const current = options.find((option) => option.value === value)?.label;
  const name = "aria-label" in control ? control["aria-label"] : current;
  return (
    <Select.Root items={options} value={value} onValueChange={(chosen) => onChange(chosen as T)}>
      <Select.Trigger
        {...control}
        className={`${CONTROL} inline-flex items-center justify-between gap-2 text-left data-popup-open:border-accent`}
      >
        <Select.Value className="truncate" />
        <ChevronDown aria-hidden className="size-4 flex-none text-ink-3" />
      </Select.Trigger>
      {/* A landmark, because what is on a page should be in one; with a name of its own, because there may be more. */}
      <Select.Portal render={<section aria-label={`Options: ${name}`} />}>
        <Select.Positioner
          align="start"
          sideOffset={6}
          alignItemWithTrigger={false}
          className="z-50"
        >
          <Select.Popup className="max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-lg border border-line bg-raised p-1.5 shadow-pop outline-none">
            {options.map((option) => (
              <Select.Item
                key={option.value}
                value={option.value}
                className="grid min-h-8 grid-cols-[1rem_1fr] items-center gap-2.5 rounded-md px-2 text-sm outline-none select-none data-highlighted:bg-hover pointer-coarse:min-h-10"
              >
                <Select.ItemIndicator className="text-accent">
                  <Check aria-hidden className="size-4" />
                </Select.ItemIndicator>
                <Select.ItemText className="col-start-2 truncate">{option.label}</Select.ItemText>
              </Select.Item>
            ))}
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  );
}
