import { ModelSelect } from "@/components/model-select";
import type { Choice } from "./use-choice";

interface ModelPickerProps {
  choice: Choice;
  /** Where the keyboard goes when the picker closes. */
  returnFocus: () => HTMLElement | null;
}

/** The model that answers. */
export function ModelPicker({ choice, returnFocus }: ModelPickerProps) {
  return (
    <ModelSelect
      model={choice.effectiveModel}
      placeholder="Default model"
      onChoose={(model) => choice.choose({ model })}
      clear={
        choice.model === null
          ? undefined
          : { label: "Use the default instead", run: () => choice.choose({ model: null }) }
      }
      isShort
      side="top"
      returnFocus={returnFocus}
      trigger={{
        className:
          "inline-flex min-h-8 min-w-0 items-center gap-1 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink data-popup-open:bg-hover pointer-coarse:min-h-10",
      }}
    />
  );
}
