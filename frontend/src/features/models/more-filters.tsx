import { SelectField } from "@/components/select-field";
import { formatContext, formatUsd } from "@/lib/format";
import { type ModelsSearch, OUTPUTS, type Output } from "./search";

export interface ModelFiltersProps {
  search: ModelsSearch;
  onChange: (change: Partial<Record<keyof ModelsSearch, unknown>>) => void;
}

const CONTEXTS = [32_000, 128_000, 200_000, 1_000_000];
/** US dollars per 1,000,000 tokens. */
const PRICES = [0.1, 0.5, 1, 2, 5, 10, 20, 50];

const OUTPUT_NAMES: Record<Output, string> = {
  image: "Gives pictures",
  audio: "Gives sound",
  video: "Gives film",
};

type Limit = "min_context" | "max_context" | "min_price" | "max_price";

const LIMITS: readonly {
  name: Limit;
  label: string;
  any: string;
  usual: readonly number[];
  spell: (value: number) => string;
}[] = [
  {
    name: "min_context",
    label: "Context at least",
    any: "Any context",
    usual: CONTEXTS,
    spell: (tokens) => `${formatContext(tokens)} context or more`,
  },
  {
    name: "max_context",
    label: "Context at most",
    any: "Up to any context",
    usual: CONTEXTS,
    spell: (tokens) => `${formatContext(tokens)} context or less`,
  },
  {
    name: "min_price",
    label: "Price at least",
    any: "Any price",
    usual: PRICES,
    spell: (usd) => `${formatUsd(usd)} or more`,
  },
  {
    name: "max_price",
    label: "Price at most",
    any: "Up to any price",
    usual: PRICES,
    spell: (usd) => `${formatUsd(usd)} or less`,
  },
];

/** How many of these filters are in use. */
export function countMore(search: ModelsSearch): number {
  return [search.gives, ...LIMITS.map(({ name }) => search[name])].filter(Boolean).length;
}

/** What is asked for less often: how much fits in, what it costs, what comes out beside text. */
export function MoreFilters({ search, onChange }: ModelFiltersProps) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-5">
        {LIMITS.map(({ name, label, any, usual, spell }) => (
          <SelectField
            key={name}
            control={{ "aria-label": label }}
            options={optionsOf(usual, search[name], any, spell)}
            value={search[name] ?? null}
            onChange={(value) => onChange({ [name]: value ?? undefined })}
          />
        ))}
        <SelectField
          control={{ "aria-label": "Gives" }}
          options={[
            { value: null, label: "Gives anything" },
            ...OUTPUTS.map((value) => ({ value, label: OUTPUT_NAMES[value] })),
          ]}
          value={search.gives ?? null}
          onChange={(gives) => onChange({ gives: gives ?? undefined })}
        />
      </div>
      <p className="text-xs text-ink-3">
        A price here is the mean of input and output, in US dollars per 1M tokens.
      </p>
    </div>
  );
}

function optionsOf(
  usual: readonly number[],
  chosen: number | undefined,
  any: string,
  spell: (value: number) => string,
) {
  const values = new Set(chosen === undefined ? usual : [...usual, chosen]);
  return [
    { value: null, label: any },
    ...[...values]
      .toSorted((left, right) => left - right)
      .map((value) => ({ value, label: spell(value) })),
  ];
}
