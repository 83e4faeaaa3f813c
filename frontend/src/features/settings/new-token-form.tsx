import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { AccessTokenMade, TokenScope } from "@/client/api";
import { keys } from "@/client/queries";
import { createToken } from "@/client/tokens";
import { Button } from "@/components/button";
import { CONTROL, Field } from "@/components/field";
import { Segments } from "@/components/segments";
import { amountProblem } from "@/lib/amount";
import { announce } from "@/lib/announcer";
import { SCOPES } from "./token-scopes";
import { refusalOf } from "./typed-setting";

interface NewTokenFormProps {
  onMade: (token: AccessTokenMade) => void;
  onCancel: () => void;
}

/** A name that tells it from others, what it may do, and what its calls may cost in all. */
export function NewTokenForm({ onMade, onCancel }: NewTokenFormProps) {
  const client = useQueryClient();
  const first = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const [scope, setScope] = useState<TokenScope>("chat");
  const [budget, setBudget] = useState("");
  const [wasSent, setWasSent] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      createToken({
        name: name.trim(),
        scopes: [scope],
        // As it was typed: a number would lose digits.
        budget_usd: scope === "read" || budget.trim() === "" ? null : budget.trim(),
      }),
    // The secret in the reply is kept nowhere but in what shows it.
    gcTime: 0,
    onSuccess: (token) => {
      announce("Token made");
      void client.invalidateQueries({ queryKey: keys.tokens });
      onMade(token);
    },
  });
  useEffect(() => first.current?.focus(), []);

  const nameProblem = name.trim() === "" ? "Say what it is for." : null;
  const budgetProblem = scope === "read" ? null : problemOfBudget(budget.trim());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWasSent(true);
    if (nameProblem === null && budgetProblem === null && !create.isPending) create.mutate();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape in any of its fields takes it back
    <form
      noValidate
      aria-label="New token"
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onCancel()}
      className="flex flex-col gap-3 rounded-lg border border-line-strong bg-raised px-4 py-3"
    >
      <Field
        label="Name"
        hint="Such as the program that will use it."
        problem={(wasSent ? nameProblem : null) ?? refusalOf(create.error)}
      >
        {(control) => (
          <input
            {...control}
            ref={first}
            autoComplete="off"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className={CONTROL}
          />
        )}
      </Field>
      <Field label="It may" hint={SCOPES.find(({ value }) => value === scope)?.hint}>
        {(control) => (
          <Segments
            legend="It may"
            control={control}
            options={SCOPES}
            value={scope}
            onChange={setScope}
          />
        )}
      </Field>
      {scope !== "read" && (
        <Field
          label="Budget"
          hint="US dollars that its calls may cost in all. Empty: no limit of its own."
          problem={wasSent ? budgetProblem : null}
        >
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              autoComplete="off"
              placeholder="No limit"
              value={budget}
              onChange={(event) => setBudget(event.target.value)}
              className={`${CONTROL} tabular-nums`}
            />
          )}
        </Field>
      )}
      <div className="flex gap-2">
        <Button
          type="submit"
          look="primary"
          disabled={create.isPending}
          className="pointer-coarse:min-h-11"
        >
          {create.isPending ? "Making…" : "Make token"}
        </Button>
        <Button look="quiet" onClick={onCancel} className="pointer-coarse:min-h-11">
          Cancel
        </Button>
      </div>
    </form>
  );
}

function problemOfBudget(text: string): string | null {
  return text === "" ? null : amountProblem(text);
}
