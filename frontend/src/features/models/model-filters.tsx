import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { familiesQuery } from "@/client/queries";
import { SelectField } from "@/components/select-field";
import { formatContext } from "@/lib/format";
import type { ModelsSearch, Sort } from "./search";

interface ModelFiltersProps {
  search: ModelsSearch;
  text: string;
  onText: (text: string) => void;
  onChange: (change: Partial<Record<keyof ModelsSearch, unknown>>) => void;
}

const CONTEXTS = [32_000, 128_000, 200_000, 1_000_000];

const SORT_OPTIONS: { value: Sort; label: string }[] = [
  { value: "name", label: "By name" },
  { value: "newest", label: "Newest first" },
  { value: "price", label: "Cheapest first" },
  { value: "context", label: "Largest context first" },
  { value: "top_weekly", label: "Most used this week" },
  { value: "throughput_high_to_low", label: "Fastest first" },
  { value: "latency_low_to_high", label: "Quickest to begin" },
];

export function ModelFilters({ search, text, onText, onChange }: ModelFiltersProps) {
  const contexts = new Set([...CONTEXTS, ...(search.min_context ? [search.min_context] : [])]);
  const contextOptions = [
    { value: null, label: "Any context" },
    ...[...contexts]
      .toSorted((left, right) => left - right)
      .map((tokens) => ({ value: tokens, label: `${formatContext(tokens)} context or more` })),
  ];
  const families = useQuery(familiesQuery).data ?? [];
  const familyOptions = [
    { value: null, label: "Any author" },
    ...families.map(({ id, label, count }) => ({ value: id, label: `${label} (${count})` })),
  ];
  return (
    <search aria-label="Models" className="flex flex-wrap items-center gap-2">
      <label className="flex min-h-9 min-w-52 flex-1 items-center gap-2.5 rounded-md border border-line-strong bg-raised px-3 text-ink-3 focus-within:border-accent pointer-coarse:min-h-11">
        <Search aria-hidden className="size-4 flex-none" />
        <input
          type="search"
          aria-label="Search models"
          placeholder="Search by name or author"
          value={text}
          onChange={(event) => onText(event.target.value)}
          className="min-w-0 flex-1 bg-transparent text-sm text-ink outline-none placeholder:text-ink-3 [&::-webkit-search-cancel-button]:hidden"
        />
      </label>
      <Toggle
        pressed={search.reasoning === true}
        onPress={(reasoning) => onChange({ reasoning: reasoning || undefined })}
      >
        Reasoning
      </Toggle>
      <Toggle
        pressed={search.free === true}
        onPress={(free) => onChange({ free: free || undefined })}
      >
        Free
      </Toggle>
      <Toggle
        pressed={search.tools === true}
        onPress={(tools) => onChange({ tools: tools || undefined })}
      >
        Tools
      </Toggle>
      <Toggle
        pressed={search.images === true}
        onPress={(images) => onChange({ images: images || undefined })}
      >
        Pictures
      </Toggle>
      <div className="w-48 max-sm:flex-1">
        <SelectField
          control={{ "aria-label": "Author" }}
          options={familyOptions}
          value={search.family ?? null}
          onChange={(family) => onChange({ family: family ?? undefined })}
        />
      </div>
      <div className="w-48 max-sm:flex-1">
        <SelectField
          control={{ "aria-label": "Context at least" }}
          options={contextOptions}
          value={search.min_context ?? null}
          onChange={(min_context) => onChange({ min_context: min_context ?? undefined })}
        />
      </div>
      <div className="w-48 max-sm:flex-1">
        <SelectField
          control={{ "aria-label": "Order" }}
          options={SORT_OPTIONS}
          value={search.sort ?? "name"}
          onChange={(sort) => onChange({ sort: sort === "name" ? undefined : sort })}
        />
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
      className="min-h-9 rounded-md border border-line-strong bg-raised px-3 text-sm text-ink-2 transition-colors hover:border-ink-3 hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-ink pointer-coarse:min-h-11"
    >
      {children}
    </button>
  );
}
