import { CONTROL, Field } from "@/components/field";
import { ModelSelect } from "@/components/model-select";
import { SaveNote, useSaveSetting } from "./save-setting";
import { refusalOf } from "./typed-setting";

export function ModelSetting({ stored }: { stored: string }) {
  const save = useSaveSetting("Default model");
  return (
    <Field
      label="Default model"
      hint="Answers where neither the chat nor its profile names one."
      problem={refusalOf(save.error)}
      note={<SaveNote save={save} />}
    >
      {(control) => (
        <ModelSelect
          model={save.isPending ? (save.variables.model ?? stored) : stored}
          placeholder="None"
          onChoose={(model) => save.mutate({ model })}
          side="bottom"
          trigger={{
            ...control,
            className: `${CONTROL} inline-flex items-center justify-between gap-2 text-left data-popup-open:border-accent`,
          }}
        />
      )}
    </Field>
  );
}
