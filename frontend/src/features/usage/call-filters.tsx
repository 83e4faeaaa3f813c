import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { profilesQuery } from "@/client/queries";
import { type Span, summaryQuery } from "@/client/usage";
import { SelectField } from "@/components/select-field";
import { AmountField } from "./amount-field";
import { STATE_NAMES, purposeName } from "./names";
import { SOURCES, STATES, type UsageSearch } from "./search";

interface CallFiltersProps {
  span: Span;
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

const ANY = null;

/** What narrows the list. Models and purposes are offered as far as these days have them. */
export function CallFilters({ span, search, onChange }: CallFiltersProps) {
  const summary = useQuery(summaryQuery(span)).data;
  const profiles = useQuery(profilesQuery).data;
  const models = namesOf(
    summary?.by_model.map(({ model }) => model),
    search.model,
  );
  const purposes = namesOf(
    summary?.by_purpose.map(({ purpose }) => purpose),
    search.purpose,
  );
  return (
    <div className="flex flex-col gap-3">
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-[2fr_1fr_1fr_1fr_7rem_7rem]">
        <div className="col-span-2 sm:col-span-1">
          <SelectField
            control={{ "aria-label": "Model" }}
            options={[
              { value: ANY, label: "All models" },
              ...models.map((value) => ({ value, label: value })),
            ]}
            value={search.model ?? ANY}
            onChange={(model) => onChange({ model: model ?? undefined })}
          />
        </div>
        <SelectField
          control={{ "aria-label": "Purpose" }}
          options={[
            { value: ANY, label: "All purposes" },
            ...purposes.map((value) => ({ value, label: purposeName(value) })),
          ]}
          value={search.purpose ?? ANY}
          onChange={(purpose) => onChange({ purpose: purpose ?? undefined })}
        />
        <SelectField
          control={{ "aria-label": "State" }}
          options={[
            { value: ANY, label: "All states" },
            ...STATES.map((value) => ({ value, label: STATE_NAMES[value] })),
          ]}
          value={search.state ?? ANY}
          onChange={(state) => onChange({ state: state ?? undefined })}
        />
        <div className="col-span-2 sm:col-span-1">
          <SelectField
            control={{ "aria-label": "Source" }}
            options={[
              { value: ANY, label: "All sources" },
              ...SOURCES.map((value) => ({ value, label: SOURCE_NAMES[value] })),
            ]}
            value={search.source ?? ANY}
            onChange={(source) => onChange({ source: source ?? undefined })}
          />
        </div>
        <AmountField
          label="Least cost"
          amount={search.min_cost}
          onChange={(min_cost) => onChange({ min_cost })}
        />
        <AmountField
          label="Most cost"
          amount={search.max_cost}
          onChange={(max_cost) => onChange({ max_cost })}
        />
      </div>
      <div className="flex flex-wrap gap-2 empty:hidden">
        {search.session_id !== undefined && (
          <Chip onRemove={() => onChange({ session_id: undefined })}>One chat</Chip>
        )}
        {search.profile_id !== undefined && (
          <Chip onRemove={() => onChange({ profile_id: undefined })}>
            Profile: {profiles?.find(({ id }) => id === search.profile_id)?.name ?? "a deleted one"}
          </Chip>
        )}
        {search.provider !== undefined && (
          <Chip onRemove={() => onChange({ provider: undefined })}>
            Provider: {search.provider}
          </Chip>
        )}
      </div>
    </div>
  );
}

const SOURCE_NAMES = { call: "Calls", manual: "By hand" };

/** In order, with the one that is asked for, which these days may not have. */
function namesOf(names: readonly string[] = [], asked: string | undefined): string[] {
  return [...new Set([...names, ...(asked === undefined ? [] : [asked])])].toSorted();
}

function Chip({ onRemove, children }: { onRemove: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onRemove}
      className="inline-flex min-h-8 items-center gap-1.5 rounded-full bg-hover px-3 text-sm text-ink-2 hover:text-ink pointer-coarse:min-h-10"
    >
      {children}
      <X aria-hidden className="size-3.5" />
      <span className="sr-only">, remove this filter</span>
    </button>
  );
}
