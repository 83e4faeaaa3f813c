import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { UsageRow } from "@/client/api";
import { type Decision, decide } from "@/client/usage";
import { keys } from "@/client/queries";
import { Button } from "@/components/button";
import { CONTROL, Field } from "@/components/field";
import { announce } from "@/lib/announcer";
import { amountProblem } from "@/lib/amount";

/** Settles a call whose cost the provider does not tell: at a figure that its owner knows, or at nothing. */
export function DecisionForm({ row, onDone }: { row: UsageRow; onDone: () => void }) {
  const client = useQueryClient();
  const [cost, setCost] = useState("");
  const [wasSent, setWasSent] = useState(false);
  const save = useMutation({
    mutationFn: (decision: Decision) => decide(row.id, decision),
    onSuccess: async () => {
      announce("The call is settled");
      onDone();
      await Promise.all(
        [keys.usage, keys.budgets, keys.sessions].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      );
    },
  });
  const problem = amountProblem(cost.trim());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWasSent(true);
    if (problem === null) save.mutate({ cost_usd: cost.trim() });
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape in any of its fields takes it back
    <form
      noValidate
      aria-label="Settle the call"
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onDone()}
      className="flex flex-col gap-2 rounded-lg border border-line-strong bg-raised px-4 py-3"
    >
      <Field
        label="What it cost"
        hint={
          row.upstream_id === null
            ? "US dollars. The provider never gave this call a number."
            : `US dollars. The provider knows it as ${row.upstream_id}.`
        }
        problem={(wasSent ? problem : null) ?? (save.error && `Not saved. ${save.error.message}`)}
      >
        {(control) => (
          <input
            {...control}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- it was opened for this
            autoFocus
            inputMode="decimal"
            autoComplete="off"
            value={cost}
            onChange={(event) => setCost(event.target.value)}
            className={`${CONTROL} max-w-48 tabular-nums`}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" disabled={save.isPending}>
          Settle at this
        </Button>
        <Button disabled={save.isPending} onClick={() => save.mutate({ write_off: true })}>
          Write it off
        </Button>
        <Button look="quiet" onClick={onDone}>
          Leave it unknown
        </Button>
      </div>
    </form>
  );
}
