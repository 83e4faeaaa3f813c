import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Budget, BudgetBody } from "@/client/api";
import { createBudget, patchBudget } from "@/client/budgets";
import { fieldProblems } from "@/client/field-problems";
import { keys } from "@/client/queries";
import { Button } from "@/components/button";
import { CONTROL, Field } from "@/components/field";
import { Segments } from "@/components/segments";
import { SelectField } from "@/components/select-field";
import { SwitchField } from "@/components/switch-field";
import { amountProblem } from "@/lib/amount";
import { announce } from "@/lib/announcer";
import { KINDS, PERIODS } from "./budget-names";
import { SubjectField } from "./subject-field";

interface BudgetFormProps {
  /** The one that is changed; a new one when left out. */
  budget?: Budget;
  onDone: () => void;
}

/** What a new budget is for; how much, how often, and what happens at its end. */
export function BudgetForm({ budget, onDone }: BudgetFormProps) {
  const client = useQueryClient();
  const [kind, setKind] = useState<BudgetBody["kind"]>("all");
  const [of, setOf] = useState<string | null>(null);
  const [period, setPeriod] = useState<BudgetBody["period"]>(budget?.period ?? "month");
  const [limit, setLimit] = useState(budget ? String(budget.limit_usd) : "");
  const [warnAt, setWarnAt] = useState(percentOf(budget ? budget.warn_at : 0.8));
  const [hard, setHard] = useState(budget?.hard ?? true);
  const [name, setName] = useState(budget?.name ?? "");
  const [wasSent, setWasSent] = useState(false);
  const problems = {
    of: kind !== "all" && of === null ? "Say what it is for." : null,
    limit: amountProblem(limit.trim()),
    warnAt: percentProblem(warnAt.trim()),
  };
  const save = useMutation({
    mutationFn: () => {
      const body = {
        period,
        limit_usd: limit.trim(),
        warn_at: warnAt.trim() === "" ? null : Number(warnAt) / 100,
        hard,
        name: name.trim() || null,
      };
      if (budget) return patchBudget(budget, body);
      return createBudget({ ...body, kind, of: kind === "all" ? null : of });
    },
    onSuccess: async () => {
      announce("Budget saved");
      await client.invalidateQueries({ queryKey: keys.budgets });
      onDone();
    },
  });
  const refused = fieldProblems(save.error);
  const shown = (field: string, problem: string | null): string | null =>
    (wasSent ? problem : null) ?? refused.get(field) ?? null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWasSent(true);
    if (Object.values(problems).every((problem) => problem === null) && !save.isPending) {
      save.mutate();
    }
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape in any of its fields takes it back
    <form
      noValidate
      aria-label={budget ? "Edit the budget" : "New budget"}
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onDone()}
      className="flex flex-col gap-3 rounded-lg border border-line-strong bg-raised px-4 py-3"
    >
      <div className="grid gap-x-4 gap-y-2 sm:grid-cols-2">
        {budget === undefined && (
          <>
            <Field label="For" problem={shown("kind", null)}>
              {(control) => (
                <SelectField
                  control={control}
                  options={KINDS}
                  value={kind}
                  onChange={(chosen) => {
                    setKind(chosen);
                    setOf(null);
                  }}
                />
              )}
            </Field>
            <SubjectField kind={kind} of={of} onChange={setOf} problem={shown("of", problems.of)} />
          </>
        )}
        <Field label="Limit" hint="US dollars." problem={shown("limit_usd", problems.limit)}>
          {(control) => (
            <input
              {...control}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the form was opened to set it
              autoFocus
              inputMode="decimal"
              autoComplete="off"
              placeholder="10.00"
              value={limit}
              onChange={(event) => setLimit(event.target.value)}
              className={`${CONTROL} tabular-nums`}
            />
          )}
        </Field>
        <Field label="In" problem={shown("period", null)}>
          {(control) => (
            <Segments
              legend="In"
              control={control}
              options={PERIODS}
              value={period}
              onChange={setPeriod}
            />
          )}
        </Field>
        <Field
          label="Warn at"
          hint="Percent of the limit. Empty never warns."
          problem={shown("warn_at", problems.warnAt)}
        >
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              autoComplete="off"
              placeholder="Never"
              value={warnAt}
              onChange={(event) => setWarnAt(event.target.value)}
              className={`${CONTROL} tabular-nums`}
            />
          )}
        </Field>
        <Field label="Name" hint="If you like." problem={shown("name", null)}>
          {(control) => (
            <input
              {...control}
              autoComplete="off"
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.target.value)}
              className={CONTROL}
            />
          )}
        </Field>
      </div>
      <SwitchField
        label="Refuse calls that could go past it"
        hint="Otherwise it only tells."
        checked={hard}
        onChange={setHard}
      />
      {save.error && refused.size === 0 && (
        <p role="alert" className="text-sm text-danger">
          Not saved. {save.error.message}
        </p>
      )}
      <div className="flex gap-2 pt-1">
        <Button
          type="submit"
          look="primary"
          disabled={save.isPending}
          className="pointer-coarse:min-h-11"
        >
          {save.isPending ? "Saving…" : "Save budget"}
        </Button>
        <Button look="quiet" onClick={onDone} className="pointer-coarse:min-h-11">
          Cancel
        </Button>
      </div>
    </form>
  );
}

function percentOf(share: number | null): string {
  return share === null ? "" : String(Number((share * 100).toPrecision(12)));
}

function percentProblem(text: string): string | null {
  if (text === "") return null;
  const percent = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  return percent > 0 && percent <= 100 ? null : "Must be above 0 and at most 100.";
}
