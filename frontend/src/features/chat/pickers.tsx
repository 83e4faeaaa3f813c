import { ModelPicker } from "./model-picker";
import { ProfilePicker } from "./profile-picker";
import type { Choice } from "./use-choice";

interface PickersProps {
  choice: Choice;
  /** Where the keyboard goes when a picker closes. */
  returnFocus: () => HTMLElement | null;
}

/** Who answers. Loaded after the composer, which can be written in without it. */
export default function Pickers({ choice, returnFocus }: PickersProps) {
  return (
    <>
      <ModelPicker choice={choice} returnFocus={returnFocus} />
      <ProfilePicker choice={choice} />
    </>
  );
}
