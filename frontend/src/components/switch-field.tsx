import { Switch } from "@base-ui/react/switch";
import { type ReactNode, useId } from "react";

interface SwitchFieldProps {
  label: string;
  hint: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function SwitchField({ label, hint, checked, onChange }: SwitchFieldProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0">
        <label id={`${id}-label`} htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        <p id={`${id}-text`} className="text-xs text-ink-3">
          {hint}
        </p>
      </div>
      <Switch.Root
        id={id}
        aria-labelledby={`${id}-label`}
        aria-describedby={`${id}-text`}
        checked={checked}
        onCheckedChange={onChange}
        className="inline-flex h-6 w-10 flex-none items-center rounded-full border border-line-strong bg-hover p-0.5 transition-colors data-checked:border-accent data-checked:bg-accent"
      >
        <Switch.Thumb className="size-4 rounded-full bg-ink-3 transition-transform data-checked:translate-x-4 data-checked:bg-on-accent" />
      </Switch.Root>
    </div>
  );
}
