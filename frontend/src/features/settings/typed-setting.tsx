import { type KeyboardEvent, useEffect, useEffectEvent, useState } from "react";
import type { SettingsPatch } from "@/client/api";
import { fieldProblems } from "@/client/field-problems";
import { CONTROL, Field, TEXT_AREA } from "@/components/field";
import { SaveNote, useSaveSetting } from "./save-setting";

interface TypedSettingProps {
  label: string;
  hint: string;
  /** As it is stored. */
  stored: string;
  problemOf: (text: string) => string | null;
  patchOf: (text: string) => SettingsPatch;
  inputMode?: "decimal" | "numeric";
  multiline?: boolean;
  /** What is offered while one types; anything else may be typed too. */
  options?: readonly string[];
}

/** A setting that is typed. It is saved on leaving the field and with Enter; Escape takes back what was typed. */
export function TypedSetting({
  label,
  hint,
  stored,
  problemOf,
  patchOf,
  inputMode,
  multiline = false,
  options,
}: TypedSettingProps) {
  const save = useSaveSetting(label);
  /** Null while the field shows what is stored. */
  const [typed, setTyped] = useState<string | null>(null);
  const [wasLeft, setWasLeft] = useState(false);
  const text = typed ?? stored;
  const isDirty = text !== stored;
  const problem = isDirty ? problemOf(text) : null;

  const commit = (): void => {
    setWasLeft(true);
    if (!isDirty) setTyped(null);
    if (!isDirty || problem !== null || save.isPending) return;
    save.mutate(patchOf(text), {
      // What was typed meanwhile stays.
      onSuccess: () => setTyped((now) => (now === text ? null : now)),
    });
  };
  const type = (next: string): void => {
    setTyped(next);
    setWasLeft(false);
    if (!save.isPending) save.reset();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (!multiline || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      commit();
    }
    if (event.key === "Escape" && isDirty) {
      event.preventDefault();
      setTyped(null);
      save.reset();
    }
  };

  // A shortcut or a closed tab leaves the field without a blur.
  const commitNow = useEffectEvent(commit);
  useEffect(() => {
    const onHide = (): void => commitNow();
    window.addEventListener("pagehide", onHide);
    return () => {
      window.removeEventListener("pagehide", onHide);
      commitNow();
    };
  }, []);

  const props = {
    value: text,
    autoComplete: "off",
    onBlur: commit,
    onKeyDown,
  };
  return (
    <Field
      label={label}
      hint={hint}
      problem={(wasLeft ? problem : null) ?? refusalOf(save.error)}
      note={<SaveNote save={save} isDirty={isDirty} />}
    >
      {(control) =>
        multiline ? (
          <textarea
            {...control}
            {...props}
            rows={4}
            onChange={(event) => type(event.target.value)}
            className={`${TEXT_AREA} min-h-28`}
          />
        ) : (
          <>
            <input
              {...control}
              {...props}
              inputMode={inputMode}
              list={options && `${control.id}-options`}
              onChange={(event) => type(event.target.value)}
              className={`${CONTROL} tabular-nums`}
            />
            {options && (
              <datalist id={`${control.id}-options`}>
                {options.map((option) => (
                  <option key={option}>{option}</option>
                ))}
              </datalist>
            )}
          </>
        )
      }
    </Field>
  );
}

export function refusalOf(error: Error | null): string | null {
  if (!error) return null;
  const [problem] = fieldProblems(error).values();
  return `Not saved. ${problem ? `${problem}.` : error.message}`;
}
