import { Select } from "@base-ui/react/select";
import { useQuery } from "@tanstack/react-query";
import { Check, ChevronDown } from "lucide-react";
import { profilesQuery } from "@/client/queries";
import type { Choice } from "./use-choice";

export function ProfilePicker({ choice }: { choice: Choice }) {
  const profiles = useQuery(profilesQuery).data ?? [];
  if (profiles.length === 0) return null;
  const items = [
    { value: null, label: "No profile" },
    ...profiles.map(({ id, name }) => ({ value: id, label: name })),
  ];
  return (
    <Select.Root
      items={items}
      value={choice.profile_id}
      onValueChange={(profile_id) => choice.choose({ profile_id })}
    >
      <Select.Trigger
        aria-label="Profile"
        className="inline-flex min-h-8 max-w-48 min-w-0 items-center gap-1 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink data-popup-open:bg-hover pointer-coarse:min-h-10"
      >
        <Select.Value className="truncate" />
        <ChevronDown aria-hidden className="size-3.5 flex-none" />
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner
          side="top"
          align="start"
          sideOffset={8}
          alignItemWithTrigger={false}
          className="z-50"
        >
          <Select.Popup className="max-h-(--available-height) min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1.5 shadow-pop outline-none">
            {items.map(({ value, label }) => (
              <Select.Item
                key={value}
                value={value}
                className="grid min-h-8 grid-cols-[1rem_1fr] items-center gap-2.5 rounded-md px-2 text-sm outline-none select-none data-highlighted:bg-hover"
              >
                <Select.ItemIndicator className="text-accent">
                  <Check aria-hidden className="size-4" />
                </Select.ItemIndicator>
                <Select.ItemText className="col-start-2 truncate">{label}</Select.ItemText>
              </Select.Item>
            ))}
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  );
}
