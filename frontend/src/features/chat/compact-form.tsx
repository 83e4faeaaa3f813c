import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { Session } from "@/client/api";
import { ApiError } from "@/client/http";
import { keys } from "@/client/queries";
import { compactSession } from "@/client/sessions";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { CONTROL, Field } from "@/components/field";
import { ModelSelect } from "@/components/model-select";
import { announce } from "@/lib/announcer";
import { randomId } from "@/lib/ids";
import { numberProblem } from "@/lib/number-range";
import { useChoice } from "./use-choice";

const TURNS = { min: 1, max: 1000, whole: true } as const;

/** Which model summarises, and how much stays as it is. */
export function CompactForm({ session }: { session: Session }) {
  const client = useQueryClient();
  const { effectiveModel } = useChoice(session);
  const [model, setModel] = useState<string | null>(null);
  const [turns, setTurns] = useState("4");
  // A lost reply is asked for again under the same id, so that it is paid once.
  const attempt = useRef<{ of: string; request_id: string } | null>(null);
  const save = useMutation({
    mutationFn: () => {
      const body = { model, keep_turns: Number(turns) };
      const of = JSON.stringify(body);
      if (attempt.current?.of !== of) attempt.current = { of, request_id: randomId() };
      return compactSession(session.id, { ...body, request_id: attempt.current.request_id });
    },
    onError: (error) => {
      if (error instanceof ApiError) attempt.current = null;
    },
    onSuccess: async () => {
      attempt.current = null;
      announce("Summary written");
      await Promise.all(
        [keys.compactions(session.id), keys.session(session.id)].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      );
    },
  });
  const problem = numberProblem(turns, TURNS);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (problem === null && !save.isPending) save.mutate();
  };
  return (
    <form noValidate aria-label="New summary" onSubmit={submit} className="flex flex-col gap-3">
      <Field label="Model" hint="It reads the older turns: one paid call.">
        {(control) => (
          <ModelSelect
            model={model ?? effectiveModel}
            placeholder="Default model"
            onChoose={setModel}
            side="bottom"
            trigger={{
              ...control,
              className: `${CONTROL} inline-flex items-center justify-between gap-2 text-left data-popup-open:border-accent`,
            }}
          />
        )}
      </Field>
      <Field
        label="Turns to keep"
        hint="The newest questions with their answers, which stay as they are."
        problem={problem}
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            autoComplete="off"
            value={turns}
            onChange={(event) => setTurns(event.target.value)}
            className={`${CONTROL} tabular-nums`}
          />
        )}
      </Field>
      {save.error && <ErrorNote title="No summary was written" error={save.error} />}
      <Button
        type="submit"
        look="primary"
        disabled={save.isPending}
        className="self-start pointer-coarse:min-h-11"
      >
        {save.isPending ? "Summarising…" : "Summarise older turns"}
      </Button>
    </form>
  );
}
