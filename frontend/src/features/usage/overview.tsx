import { useQuery } from "@tanstack/react-query";
import { type Span, summaryQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { Segments } from "@/components/segments";
import { Breakdown } from "./breakdown";
import { Figures } from "./figures";
import { MEASURE } from "./measures";
import { MEASURES, type UsageSearch } from "./search";
import { TimelineChart } from "./timeline-chart";

interface OverviewProps {
  span: Span;
  today: string;
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

/** What it came to, when, and what it went to. */
export function Overview({ span, today, search, onChange }: OverviewProps) {
  const query = useQuery(summaryQuery(span));
  const measure = search.measure ?? "cost";
  if (query.isError && query.data === undefined) {
    return (
      <ErrorNote title="The usage could not be loaded" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  return (
    <>
      <Figures totals={query.data?.totals} search={search} />
      <section aria-labelledby="usage-over-time" className="flex flex-col gap-4">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h2 id="usage-over-time" className="font-semibold">
            Over time
          </h2>
          <Segments
            legend="Draw"
            control={{ "aria-describedby": undefined }}
            options={MEASURES.map((value) => ({ value, label: MEASURE[value].label }))}
            value={measure}
            onChange={(chosen) => onChange({ measure: chosen === "cost" ? undefined : chosen })}
          />
        </div>
        <TimelineChart span={span} today={today} measure={measure} />
      </section>
      <Breakdown summary={query.data} search={search} measure={measure} />
    </>
  );
}
