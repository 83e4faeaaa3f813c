import { AttachButton } from "./attach-button";
import { ModelPicker } from "./model-picker";
import { ProfilePicker } from "./profile-picker";
import type { Choice } from "./use-choice";

interface PickersProps {
  choice: Choice;
  onPickImages: (files: Iterable<File>) => void;
  /** Where the keyboard goes when a picker closes. */
  returnFocus: () => HTMLElement | null;
}

/** Who answers, and what goes with the question. Loaded after the composer, which can be written in without it. */
export default function Pickers({ choice, onPickImages, returnFocus }: PickersProps) {
  return (
    <>
      <AttachButton onPick={onPickImages} />
      <ModelPicker choice={choice} returnFocus={returnFocus} />
      <ProfilePicker choice={choice} />
    </>
  );
}
