import { useState } from "react";
import type { SettingsPatch } from "@/client/api";
import { Field } from "@/components/field";
import { Segments } from "@/components/segments";
import { SaveNote, useSaveSetting } from "./save-setting";
import { refusalOf } from "./typed-setting";

interface ChoiceSettingProps<T> {
  label: string;
  hint: string;
  options: readonly { value: T; label: string }[];
  stored: T;
  patchOf: (value: T) => SettingsPatch;
}

/** One of a few. It is saved as it is chosen, and goes back when it could not be. */
export function ChoiceSetting<T extends string>({
  label,
  hint,
  options,
  stored,
  patchOf,
}: ChoiceSettingProps<T>) {
  const save = useSaveSetting(label);
  /** Null while the choice is what is stored. */
  const [chosen, setChosen] = useState<T | null>(null);
  const [seen, setSeen] = useState(stored);
  if (seen !== stored) {
    setSeen(stored);
    setChosen(null);
  }
  const choose = (value: T): void => {
    setChosen(value);
    save.mutate(patchOf(value), { onError: () => setChosen(null) });
  };
  return (
    <Field
      label={label}
      hint={hint}
      problem={refusalOf(save.error)}
      note={<SaveNote save={save} />}
    >
      {(control) => (
        <Segments
          legend={label}
          control={control}
          options={options}
          value={chosen ?? stored}
          onChange={choose}
        />
      )}
    </Field>
  );
}
