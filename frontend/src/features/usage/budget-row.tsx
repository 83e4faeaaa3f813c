import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import type { Budget } from "@/client/api";
import { deleteBudget } from "@/client/budgets";
import { keys } from "@/client/queries";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { IconButton } from "@/components/icon-button";
import { announce } from "@/lib/announcer";
import { formatShare, formatUsd } from "@/lib/format";
import { BudgetBar } from "./budget-bar";
import { BudgetForm } from "./budget-form";
import { PERIOD_NAMES, subjectOf } from "./budget-names";
import { useNames } from "./use-names";

const STATES: Record<Budget["state"], { label: string; className: string }> = {
  ok: { label: "", className: "" },
  warned: { label: "Nearly used up", className: "bg-warn-soft text-warn" },
  exceeded: { label: "Used up", className: "bg-danger-soft text-danger" },
};

interface BudgetRowProps {
  budget: Budget;
  /** The row is about to go, and the keyboard with it. */
  onRemoved: () => void;
}

/** What a budget is for, how much of it is gone, and what happens at its end. */
export function BudgetRow({ budget, onRemoved }: BudgetRowProps) {
  const client = useQueryClient();
  const [isEditing, setEditing] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const subject = subjectOf(budget, useNames(budget));
  const name = budget.name ?? subject;
  const remove = useMutation({
    mutationFn: () => deleteBudget(budget.id),
    onSuccess: async () => {
      announce("Budget deleted");
      onRemoved();
      await client.invalidateQueries({ queryKey: keys.budgets });
    },
  });
  const state = STATES[budget.state];
  return (
    <li
      ref={row}
      aria-label={`Budget: ${name}`}
      tabIndex={-1}
      className="flex flex-col gap-2 border-t border-line py-4 outline-none first:border-t-0"
    >
      {isEditing ? (
        <BudgetForm
          budget={budget}
          onDone={() => {
            setEditing(false);
            requestAnimationFrame(() => row.current?.focus());
          }}
        />
      ) : (
        <>
          <div className="flex items-center gap-x-3">
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-x-2.5 text-sm">
                <span className="min-w-0 truncate font-medium">{name}</span>
                {state.label && (
                  <span className={`rounded-full px-2 py-0.5 text-xs ${state.className}`}>
                    {state.label}
                  </span>
                )}
              </p>
              <p className="text-xs text-ink-3">{factsOf(budget, subject)}</p>
            </div>
            <div className="-mr-2 flex gap-0.5">
              <IconButton label={`Edit ${name}`} onClick={() => setEditing(true)}>
                <Pencil aria-hidden />
              </IconButton>
              <IconButton
                label={`Delete ${name}`}
                disabled={remove.isPending}
                onClick={() => setAsking(true)}
              >
                <Trash2 aria-hidden />
              </IconButton>
            </div>
          </div>
          <BudgetBar budget={budget} />
          <p className="flex flex-wrap justify-between gap-x-4 text-sm tabular-nums">
            <span>
              {formatUsd(budget.spent_usd)}{" "}
              <span className="text-ink-3">
                of {formatUsd(budget.limit_usd)} {PERIOD_NAMES[budget.period]}
                {budget.reserved_usd > 0 && `, and ${formatUsd(budget.reserved_usd)} held`}
              </span>
            </span>
            <span className="text-ink-2">{leftOf(budget)}</span>
          </p>
        </>
      )}
      {remove.error && (
        <p role="alert" className="text-sm text-danger">
          Not deleted. {remove.error.message}
        </p>
      )}
      <ConfirmDialog
        open={isAsking}
        title={`Delete the budget “${name}”?`}
        confirm="Delete budget"
        cancel="Keep it"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          remove.mutate();
        }}
      >
        <p>
          Its limit of {formatUsd(budget.limit_usd)} no longer holds from then on. What was spent
          stays on record.
        </p>
      </ConfirmDialog>
    </li>
  );
}

function leftOf({ remaining_usd }: Budget): string {
  if (remaining_usd < 0) return `${formatUsd(-remaining_usd)} over the limit`;
  return `${formatUsd(remaining_usd)} left`;
}

function factsOf({ name, hard, warn_at }: Budget, subject: string): string {
  return [
    name === null ? "" : subject,
    hard ? "Refuses calls past it" : "Only tells",
    warn_at === null ? "" : `warns at ${formatShare(warn_at)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
