import type { Totals } from "@/client/api";
import { formatCount, formatCountShort, formatUsd, formatUsdShort } from "@/lib/format";
import type { Measure } from "./search";

interface MeasureInfo {
  label: string;
  of: (totals: Totals) => number;
  /** For where many stand side by side. */
  short: (value: number) => string;
  exact: (value: number) => string;
}

/** What is drawn, and what tables are sorted by. */
export const MEASURE: Record<Measure, MeasureInfo> = {
  cost: {
    label: "Cost",
    of: ({ cost_usd }) => cost_usd,
    short: formatUsdShort,
    exact: formatUsd,
  },
  tokens: {
    label: "Tokens",
    of: ({ total_tokens }) => total_tokens,
    short: formatCountShort,
    exact: formatCount,
  },
  calls: {
    label: "Calls",
    of: ({ calls }) => calls,
    short: formatCountShort,
    exact: formatCount,
  },
};
