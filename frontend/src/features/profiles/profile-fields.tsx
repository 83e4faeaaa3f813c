import { useEffect, useRef } from "react";
import { CONTROL, Field, TEXT_AREA } from "@/components/field";
import { ModelSelect } from "@/components/model-select";
import { SelectField } from "@/components/select-field";
import { SwitchField } from "@/components/switch-field";
import { EFFORTS, LABELS } from "./profile-texts";
import { SamplingFields } from "./sampling-fields";
import { ToolsField } from "./tools-field";
import type { ProfileForm } from "./use-profile-form";

interface ProfileFieldsProps {
  form: ProfileForm;
  /** Starts with the keyboard in the name. */
  isNew: boolean;
}

const isTouch = (): boolean => window.matchMedia("(pointer: coarse)").matches;

export function ProfileFields({ form, isNew }: ProfileFieldsProps) {
  const { draft, change, leave, problem } = form;
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isNew && !isTouch()) name.current?.focus();
  }, [isNew]);
  return (
    <>
      <Field label={LABELS.name} hint="What you pick it by." problem={problem("name")}>
        {(control) => (
          <input
            {...control}
            ref={name}
            autoComplete="off"
            aria-required
            placeholder="Careful reviewer"
            value={draft.name}
            onChange={(event) => change("name", event.target.value)}
            onBlur={() => leave("name")}
            className={CONTROL}
          />
        )}
      </Field>
      <Field
        label={LABELS.system_prompt}
        hint="Sent before every conversation. Empty uses the one of the settings."
        problem={problem("system_prompt")}
      >
        {(control) => (
          <textarea
            {...control}
            rows={4}
            placeholder="You review code. Name the risk first, then the smallest fix."
            value={draft.system_prompt}
            onChange={(event) => change("system_prompt", event.target.value)}
            onBlur={() => leave("system_prompt")}
            className={`${TEXT_AREA} min-h-28`}
          />
        )}
      </Field>
      <Field
        label={LABELS.model}
        hint="A model picked in a chat goes before this one."
        problem={problem("model")}
      >
        {(control) => (
          <ModelSelect
            model={draft.model}
            placeholder="Default of the settings"
            onChoose={(model) => change("model", model)}
            clear={
              draft.model === null
                ? undefined
                : { label: "Use the default of the settings", run: () => change("model", null) }
            }
            side="bottom"
            trigger={{
              ...control,
              className: `${CONTROL} inline-flex items-center justify-between gap-2 text-left data-popup-open:border-accent`,
            }}
          />
        )}
      </Field>
      <div className="grid gap-x-5 gap-y-3 sm:grid-cols-3">
        <Field
          label={LABELS.temperature}
          hint="0 to 2. Lower is more predictable."
          problem={problem("temperature")}
        >
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              autoComplete="off"
              value={draft.temperature}
              onChange={(event) => change("temperature", event.target.value)}
              onBlur={() => leave("temperature")}
              className={`${CONTROL} tabular-nums`}
            />
          )}
        </Field>
        <Field
          label={LABELS.max_tokens}
          hint="1 to 1,000,000 per answer."
          problem={problem("max_tokens")}
        >
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              autoComplete="off"
              value={draft.max_tokens}
              onChange={(event) => change("max_tokens", event.target.value)}
              onBlur={() => leave("max_tokens")}
              className={`${CONTROL} tabular-nums`}
            />
          )}
        </Field>
        <Field label={LABELS.effort} hint="For models that reason." problem={problem("effort")}>
          {(control) => (
            <SelectField
              control={control}
              options={EFFORTS}
              value={draft.effort}
              onChange={(effort) => change("effort", effort)}
            />
          )}
        </Field>
      </div>
      <Field
        label={LABELS.openrouter_preset}
        hint="The slug of a preset kept at OpenRouter, sent along with each request."
        problem={problem("openrouter_preset")}
      >
        {(control) => (
          <input
            {...control}
            autoComplete="off"
            spellCheck={false}
            placeholder="None"
            value={draft.openrouter_preset}
            onChange={(event) => change("openrouter_preset", event.target.value)}
            onBlur={() => leave("openrouter_preset")}
            className={CONTROL}
          />
        )}
      </Field>
      <ToolsField form={form} />
      <SamplingFields form={form} />
      <SwitchField
        label={LABELS.is_default}
        hint="New chats start with it. There is at most one."
        checked={draft.is_default}
        onChange={(is_default) => change("is_default", is_default)}
      />
    </>
  );
}
