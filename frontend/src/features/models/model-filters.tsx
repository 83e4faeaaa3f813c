import { useQuery } from "@tanstack/react-query";
import { Search, SlidersHorizontal } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { familiesQuery } from "@/client/queries";
import { SelectField } from "@/components/select-field";
import { type ModelFiltersProps, MoreFilters, countMore } from "./more-filters";
import type { Sort } from "./search";

const SORT_OPTIONS: { value: Sort; label: string }[] = [
  { value: "name", label: "By name" },
  { value: "newest", label: "Newest first" },
  { value: "price", label: "Cheapest first" },
  { value: "context", label: "Largest context first" },
  { value: "top_weekly", label: "Most used this week" },
  { value: "throughput_high_to_low", label: "Fastest first" },
  { value: "latency_low_to_high", label: "Quickest to begin" },
];

const TOGGLES = [
  { name: "reasoning", label: "Reasoning" },
  { name: "free", label: "Free" },
  { name: "tools", label: "Tools" },
  { name: "images", label: "Pictures" },
] as const;

interface TextProps {
  text: string;
  onText: (text: string) => void;
}

export function ModelFilters({ search, text, onText, onChange }: ModelFiltersProps & TextProps) {
  const more = countMore(search);
  // What narrows the list is not hidden when the screen opens.
  const [isOpen, setOpen] = useState(more > 0);
  const moreId = useId();
  const families = useQuery(familiesQuery).data ?? [];
  const familyOptions = [
    { value: null, label: "Any author" },
    ...families.map(({ id, label, count }) => ({ value: id, label: `${label} (${count})` })),
  ];
  return (
    <search aria-label="Models" className="flex flex-wrap items-center gap-2">
      <label className="flex min-h-9 min-w-52 flex-1 items-center gap-2.5 rounded-md border border-line-strong bg-raised px-3 text-ink-3 focus-within:border-accent max-sm:w-full max-sm:flex-none pointer-coarse:min-h-11">
        <Search aria-hidden className="size-4 flex-none" />
        <input
          type="search"
          aria-label="Search models"
          placeholder="Search the models"
          value={text}
          onChange={(event) => onText(event.target.value)}
          className="min-w-0 flex-1 bg-transparent text-sm text-ink outline-none placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden"
        />
      </label>
      <div className="flex gap-2 max-sm:w-full">
        {TOGGLES.map(({ name, label }) => (
          <Toggle
            key={name}
            pressed={search[name] === true}
            onPress={(pressed) => onChange({ [name]: pressed || undefined })}
          >
            {label}
          </Toggle>
        ))}
      </div>
      <div className="w-44 max-sm:flex-1">
        <SelectField
          control={{ "aria-label": "Author" }}
          options={familyOptions}
          value={search.family ?? null}
          onChange={(family) => onChange({ family: family ?? undefined })}
        />
      </div>
      <div className="w-44 max-sm:flex-1">
        <SelectField
          control={{ "aria-label": "Order" }}
          options={SORT_OPTIONS}
          value={search.sort ?? "name"}
          onChange={(sort) => onChange({ sort: sort === "name" ? undefined : sort })}
        />
      </div>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={moreId}
        aria-label={more > 0 ? `More filters, ${more} in use` : "More filters"}
        onClick={() => setOpen(!isOpen)}
        className="inline-flex size-9 items-center justify-center rounded-md border border-line-strong bg-raised text-ink-2 transition-colors hover:border-ink-3 hover:text-ink aria-expanded:border-accent aria-expanded:bg-accent-soft aria-expanded:text-ink pointer-coarse:size-11"
      >
        <SlidersHorizontal aria-hidden className="size-4" />
      </button>
      <div id={moreId} hidden={!isOpen} className="w-full">
        {isOpen && <MoreFilters search={search} onChange={onChange} />}
      </div>
    </search>
  );
}

interface ToggleProps {
  pressed: boolean;
  onPress: (pressed: boolean) => void;
  children: ReactNode;
}

function Toggle({ pressed, onPress, children }: ToggleProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={() => onPress(!pressed)}
      className="min-h-9 rounded-md border border-line-strong bg-raised px-3 text-sm text-ink-2 transition-colors hover:border-ink-3 hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-ink max-sm:flex-1 max-sm:px-1 pointer-coarse:min-h-11"
    >
      {children}
    </button>
  );
}
