import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Budget } from "@/client/api";
import { profilesQuery, sessionsQuery } from "@/client/queries";
import { tokensQuery } from "@/client/tokens";
import { CONTROL, Field } from "@/components/field";
import { ModelSelect } from "@/components/model-select";
import { SelectField } from "@/components/select-field";
import { PURPOSE_NAMES, purposeName } from "./names";

interface SubjectFieldProps {
  kind: Budget["kind"];
  of: string | null;
  onChange: (of: string | null) => void;
  problem: string | null;
}

/** Which model, profile, purpose, chat or token a budget is for. */
export function SubjectField({ kind, of, onChange, problem }: SubjectFieldProps) {
  if (kind === "all") return <span className="max-sm:hidden" />;
  return (
    <Field label="Which" problem={problem}>
      {(control) =>
        kind === "model" ? (
          <ModelSelect
            model={of}
            placeholder="Pick a model"
            onChoose={onChange}
            side="bottom"
            trigger={{
              ...control,
              className: `${CONTROL} inline-flex items-center justify-between gap-2 text-left`,
            }}
          />
        ) : (
          <Options kind={kind} of={of} onChange={onChange} control={control} />
        )
      }
    </Field>
  );
}

interface OptionsProps extends Omit<SubjectFieldProps, "kind" | "problem"> {
  kind: Exclude<Budget["kind"], "all" | "model">;
  control: Parameters<typeof SelectField>[0]["control"];
}

function Options({ kind, of, onChange, control }: OptionsProps) {
  const options = useOptions(kind);
  return (
    <SelectField
      control={control}
      options={[{ value: null, label: "Pick one" }, ...options]}
      value={of}
      onChange={onChange}
    />
  );
}

function useOptions(kind: OptionsProps["kind"]): { value: string; label: string }[] {
  const profiles = useQuery({ ...profilesQuery, enabled: kind === "profile" }).data;
  const tokens = useQuery({ ...tokensQuery, enabled: kind === "token" }).data;
  const sessions = useInfiniteQuery({ ...sessionsQuery(""), enabled: kind === "session" }).data;
  switch (kind) {
    case "profile":
      return (profiles ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
    case "token":
      return (tokens ?? [])
        .filter(({ revoked_at }) => revoked_at === null)
        .map(({ id, name }) => ({ value: id, label: name }));
    case "session":
      return (sessions?.pages.flatMap(({ items }) => items) ?? []).map(({ id, title }) => ({
        value: id,
        label: title || "New chat",
      }));
    case "purpose":
      return PURPOSE_NAMES.map((value) => ({ value, label: purposeName(value) }));
  }
}
