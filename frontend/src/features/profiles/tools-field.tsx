import { Button } from "@/components/button";
import { Field, TEXT_AREA } from "@/components/field";
import { LABELS } from "./profile-texts";
import { formatTools } from "./tools-text";
import type { ProfileForm } from "./use-profile-form";

const EXAMPLE = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "The weather of a city",
      parameters: {
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
      },
    },
  },
];

/** What the model may call. The console shows its calls and takes their results; it runs nothing. */
export function ToolsField({ form }: { form: ProfileForm }) {
  const { draft, change, leave, problem } = form;
  return (
    <Field
      label={LABELS.tools}
      hint="A JSON list of functions that the model may call. Calls show in the chat, where you give their results."
      problem={problem("tools")}
      note={
        draft.tools.trim() === "" && (
          <Button
            look="quiet"
            className="-mr-3"
            onClick={() => change("tools", formatTools(EXAMPLE))}
          >
            Start from an example
          </Button>
        )
      }
    >
      {(control) => (
        <textarea
          {...control}
          rows={3}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="None"
          value={draft.tools}
          onChange={(event) => change("tools", event.target.value)}
          onBlur={() => leave("tools")}
          className={`${TEXT_AREA} min-h-18 font-mono text-xs`}
        />
      )}
    </Field>
  );
}
