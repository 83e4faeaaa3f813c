import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fieldProblems } from "@/client/field-problems";
import { keys } from "@/client/queries";
import { enterUsage } from "@/client/usage";
import { Button } from "@/components/button";
import { CONTROL, Field } from "@/components/field";
import { amountProblem } from "@/lib/amount";
import { announce } from "@/lib/announcer";

const FIELDS = [
  { name: "model", label: "Model", hint: "As the provider names it." },
  { name: "cost_usd", label: "Cost", hint: "US dollars. Empty: by its price." },
  { name: "prompt_tokens", label: "Tokens in", hint: "" },
  { name: "completion_tokens", label: "Tokens out", hint: "" },
] as const;

type Typed = Record<(typeof FIELDS)[number]["name"], string>;

const EMPTY: Typed = { model: "", cost_usd: "", prompt_tokens: "", completion_tokens: "" };

/** Takes down what was spent elsewhere, as of now. */
export function EntryForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState(EMPTY);
  const [wasSent, setWasSent] = useState(false);
  const cost = typed.cost_usd.trim();
  const problems: Record<keyof Typed, string | null> = {
    model: typed.model.trim() === "" ? "Say which model it was." : null,
    cost_usd: cost === "" ? null : amountProblem(cost),
    prompt_tokens: countProblem(typed.prompt_tokens),
    completion_tokens: countProblem(typed.completion_tokens),
  };
  const save = useMutation({
    mutationFn: () =>
      enterUsage({
        model: typed.model.trim(),
        prompt_tokens: Number(typed.prompt_tokens),
        completion_tokens: Number(typed.completion_tokens),
        ...(cost === "" ? {} : { cost_usd: cost }),
      }),
    onSuccess: async () => {
      announce("The entry is saved");
      await client.invalidateQueries({ queryKey: keys.usage });
      onDone();
    },
  });
  const refused = fieldProblems(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setWasSent(true);
    const isFine = Object.values(problems).every((problem) => problem === null);
    if (isFine && !save.isPending) save.mutate();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape in any of its fields takes it back
    <form
      noValidate
      aria-label="New entry"
      onSubmit={submit}
      onKeyDown={({ key }) => key === "Escape" && onDone()}
      className="flex flex-col gap-3 rounded-lg border border-line-strong bg-raised px-4 py-3"
    >
      <p className="text-sm text-ink-2">
        What was spent elsewhere, as of now. It stands apart: no other sum and no budget counts it.
      </p>
      <div className="grid gap-x-4 gap-y-2 sm:grid-cols-2">
        {FIELDS.map(({ name, label, hint }, index) => (
          <Field
            key={name}
            label={label}
            hint={hint}
            problem={(wasSent ? problems[name] : null) ?? refused.get(name) ?? null}
          >
            {(control) => (
              <input
                {...control}
                // oxlint-disable-next-line jsx-a11y/no-autofocus -- the form was opened to fill it
                autoFocus={index === 0}
                inputMode={name === "model" ? "text" : "decimal"}
                autoComplete="off"
                value={typed[name]}
                onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
                className={`${CONTROL} tabular-nums`}
              />
            )}
          </Field>
        ))}
      </div>
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
          {save.isPending ? "Saving…" : "Save entry"}
        </Button>
        <Button look="quiet" onClick={onDone} className="pointer-coarse:min-h-11">
          Cancel
        </Button>
      </div>
    </form>
  );
}

function countProblem(text: string): string | null {
  return /^\d{1,9}$/.test(text.trim()) ? null : "Must be a whole number of tokens.";
}
