import { useQuery } from "@tanstack/react-query";
import { creditsQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { formatAge } from "@/lib/age";
import { formatUsd } from "@/lib/format";

/** What is left of what was paid in at the provider. */
export function Credits() {
  const { data, error, isPending, isFetching, refetch } = useQuery(creditsQuery);
  return (
    <section aria-labelledby="usage-credits">
      <div className="flex min-h-8 items-center justify-between gap-3 pb-2">
        <h2 id="usage-credits" className="font-semibold">
          Credit at the provider
        </h2>
        <Button look="quiet" disabled={isFetching} onClick={() => void refetch()}>
          {isFetching ? "Asking…" : "Ask again"}
        </Button>
      </div>
      {error ? (
        <ErrorNote title="The provider does not tell its credit" error={error} />
      ) : (
        <>
          <dl aria-busy={isPending} className="grid gap-x-6 gap-y-4 tabular-nums sm:grid-cols-3">
            <Amount name="Left" usd={data?.remaining_usd ?? null} isMain />
            <Amount name="Used" usd={data?.total_usage_usd ?? null} />
            <Amount name="Paid in" usd={data?.total_credits_usd ?? null} />
          </dl>
          <p className="min-h-[1lh] pt-1 text-xs text-ink-3">
            {data && `As the provider said ${formatAge(data.at)}.`}
          </p>
        </>
      )}
    </section>
  );
}

interface AmountProps {
  name: string;
  usd: number | null;
  isMain?: boolean;
}

function Amount({ name, usd, isMain = false }: AmountProps) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className={isMain ? "text-xl font-semibold tracking-tight" : "text-xl text-ink-2"}>
        {formatUsd(usd)}
      </dd>
    </div>
  );
}
