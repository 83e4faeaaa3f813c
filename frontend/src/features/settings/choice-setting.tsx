import { useQueryClient } from "@tanstack/react-query";
import type { Settings, SettingsPatch } from "@/client/api";
import { keys } from "@/client/queries";
import { Field } from "@/components/field";
import { Segments } from "@/components/segments";
import { SaveNote, useSaveSetting } from "./save-setting";
import { refusalOf } from "./typed-setting";

interface ChoiceSettingProps<T> {
  label: string;
  hint: string;
  options: readonly { value: T; label: string }[];
  stored: T;
  patchOf: (value: T) => SettingsPatch & Partial<Settings>;
}

/** One of a few; it applies at once, and goes back when it could not be saved. */
export function ChoiceSetting<T extends string>({
  label,
  hint,
  options,
  stored,
  patchOf,
}: ChoiceSettingProps<T>) {
  const client = useQueryClient();
  const save = useSaveSetting(label);
  const choose = (value: T): void => {
    const apply = (change: Partial<Settings>): void =>
      void client.setQueryData<Settings>(keys.settings, (now) => now && { ...now, ...change });
    apply(patchOf(value));
    save.mutate(patchOf(value), { onError: () => apply(patchOf(stored)) });
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
          value={stored}
          onChange={choose}
        />
      )}
    </Field>
  );
}
