import { Select } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import { ProfileLabel } from "./profile-label";

export interface ProfileItem {
  /** The id of a profile; null for none. */
  value: number | null;
  label: string;
}

interface ProfileSelectProps {
  items: readonly ProfileItem[];
  value: number | null;
  onChoose: (profile_id: number | null) => void;
  className: string;
}

/** Open from the start. */
export default function ProfileSelect({ items, value, onChoose, className }: ProfileSelectProps) {
  return (
    <Select.Root items={items} value={value} onValueChange={onChoose} defaultOpen>
      <Select.Trigger aria-label="Profile" className={className}>
        <ProfileLabel name={value === null ? null : labelOf(items, value)} />
        <ChevronDown aria-hidden className="size-3.5 flex-none" />
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner
          side="top"
          align="start"
          sideOffset={8}
          collisionPadding={12}
          alignItemWithTrigger={false}
          className="z-50"
        >
          <Select.Popup className="max-h-(--available-height) max-w-(--available-width) min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1.5 shadow-pop outline-none">
            {items.map((item) => (
              <Select.Item
                key={item.value}
                value={item.value}
                className="grid min-h-8 grid-cols-[1rem_1fr] items-center gap-2.5 rounded-md px-2 text-sm outline-none select-none data-highlighted:bg-hover pointer-coarse:min-h-10"
              >
                <Select.ItemIndicator className="text-accent">
                  <Check aria-hidden className="size-4" />
                </Select.ItemIndicator>
                <Select.ItemText className="col-start-2 truncate">{item.label}</Select.ItemText>
              </Select.Item>
            ))}
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  );
}

function labelOf(items: readonly ProfileItem[], id: number): string | null {
  return items.find(({ value }) => value === id)?.label ?? null;
}
