import type { Span } from "@/client/usage";
import { Segments } from "@/components/segments";
import { isDay } from "@/lib/days";
import type { Range, UsageSearch } from "./search";

type Choice = Range | "custom";

const CHOICES: readonly { value: Choice; label: string }[] = [
  { value: "today", label: "Today" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "month", label: "Month" },
  { value: "custom", label: "Dates" },
];

interface RangePickerProps {
  search: UsageSearch;
  span: Span;
  today: string;
  onChange: (change: UsageSearch) => void;
}

/** The days that are shown: some ending today, or any others. */
export function RangePicker({ search, span, today, onChange }: RangePickerProps) {
  const choice: Choice = search.from === undefined ? (search.range ?? "30d") : "custom";
  const choose = (chosen: Choice): void =>
    onChange(
      chosen === "custom"
        ? { range: undefined, ...span }
        : { range: chosen === "30d" ? undefined : chosen, from: undefined, to: undefined },
    );
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segments
        legend="Days"
        control={{ "aria-describedby": undefined }}
        options={CHOICES}
        value={choice}
        onChange={choose}
      />
      {choice === "custom" && (
        <span className="flex items-center gap-1.5 text-sm text-ink-3">
          <DayField
            label="From"
            day={span.from}
            max={today}
            onChange={(from) => onChange({ from, to: from > span.to ? from : span.to })}
          />
          to
          <DayField
            label="To"
            day={span.to}
            max={today}
            onChange={(to) => onChange({ from: to < span.from ? to : span.from, to })}
          />
        </span>
      )}
    </div>
  );
}

interface DayFieldProps {
  label: string;
  day: string;
  max: string;
  onChange: (day: string) => void;
}

function DayField({ label, day, max, onChange }: DayFieldProps) {
  return (
    <input
      // What is half typed stays the browser's own until it is a day.
      key={day}
      type="date"
      aria-label={label}
      defaultValue={day}
      max={max}
      onChange={({ target }) => {
        if (isDay(target.value) && target.value !== day) onChange(target.value);
      }}
      className="min-h-9.5 w-30 rounded-md border border-line-strong bg-raised px-1.5 text-sm text-ink tabular-nums pointer-coarse:min-h-11"
    />
  );
}
