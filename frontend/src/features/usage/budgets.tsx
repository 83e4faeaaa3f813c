import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import { budgetsQuery } from "@/client/budgets";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { BudgetForm } from "./budget-form";
import { BudgetRow } from "./budget-row";

/** What calls may cost, in each period, for everything or for a part of it. */
export function Budgets() {
  const query = useQuery(budgetsQuery);
  const [isAdding, setAdding] = useState(false);
  const add = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setAdding(false);
    // The button is back after this render.
    requestAnimationFrame(() => add.current?.focus());
  };
  return (
    <section aria-label="Budgets" className="flex max-w-160 flex-col gap-4">
      <p className="text-sm text-ink-2">
        A hard budget refuses a call that could go past it, before anything is paid, and ends an
        answer that reaches it; its text is kept. A soft one only tells.
      </p>
      {isAdding ? (
        <BudgetForm onDone={close} />
      ) : (
        <button
          ref={add}
          type="button"
          onClick={() => setAdding(true)}
          className="inline-flex min-h-8 items-center gap-1.5 self-start rounded-md border border-line-strong bg-raised px-3 text-sm font-medium hover:bg-hover pointer-coarse:min-h-10 [&_svg]:size-4"
        >
          <Plus aria-hidden />
          New budget
        </button>
      )}
      {query.isPending && <SkeletonRows rows={2} className="h-16" />}
      {query.isError && query.data === undefined && (
        <ErrorNote title="The budgets could not be loaded" error={query.error}>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </ErrorNote>
      )}
      {query.data?.length === 0 && !isAdding && (
        <p className="text-sm text-ink-3">No budget yet: calls are not limited.</p>
      )}
      {query.data && query.data.length > 0 && (
        <ul aria-label="Budgets" className="flex flex-col">
          {query.data.map((budget) => (
            <BudgetRow
              key={budget.id}
              budget={budget}
              onRemoved={() => requestAnimationFrame(() => add.current?.focus())}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
