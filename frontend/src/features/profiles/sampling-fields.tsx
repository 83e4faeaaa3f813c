import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { CONTROL, Field, TEXT_AREA } from "@/components/field";
import { plural } from "@/lib/format";
import { SAMPLING } from "./profile-draft";
import { LABELS, SAMPLING_HINTS } from "./profile-texts";
import type { ProfileForm } from "./use-profile-form";
import { useTakenParameters } from "./use-taken-parameters";

const FIELDS = [...SAMPLING, "stop"] as const;

/** What few people set, out of the way until it is wanted, used, or wrong. */
export function SamplingFields({ form }: { form: ProfileForm }) {
  const used = FIELDS.filter((field) => form.draft[field].trim() !== "").length;
  const [open, setOpen] = useState(used > 0);
  const takes = useTakenParameters(form.draft.model);
  const shown = SAMPLING.filter((name) => takes(name) || form.draft[name].trim() !== "");
  const hidden = SAMPLING.length - shown.length;
  const wrong = FIELDS.some((field) => form.problem(field) !== undefined);
  return (
    <details
      open={open || wrong}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group rounded-lg border border-line"
    >
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2 rounded-lg px-4 text-sm font-medium hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 text-ink-3 transition-transform group-open:rotate-90"
        />
        More sampling parameters
        {used > 0 && <span className="font-normal text-ink-3">{used} set</span>}
      </summary>
      <div className="flex flex-col gap-4 px-4 pt-2 pb-4">
        <p className="text-sm text-ink-2">
          An empty field is not sent, which leaves it to the model.
          {hidden > 0 &&
            ` ${plural(hidden, "parameter")} that the chosen model does not take ${hidden === 1 ? "is" : "are"} left out here.`}
        </p>
        <div className="grid gap-x-5 gap-y-3 sm:grid-cols-2">
          {shown.map((name) => (
            <Field
              key={name}
              label={LABELS[name]}
              hint={SAMPLING_HINTS[name]}
              problem={form.problem(name)}
            >
              {(control) => (
                <input
                  {...control}
                  inputMode="decimal"
                  autoComplete="off"
                  placeholder="Left to the model"
                  value={form.draft[name]}
                  onChange={(event) => form.change(name, event.target.value)}
                  onBlur={() => form.leave(name)}
                  className={`${CONTROL} tabular-nums`}
                />
              )}
            </Field>
          ))}
        </div>
        <Field
          label={LABELS.stop}
          hint="One per line, at most 4. Write \n for a line break and \\ for a backslash."
          problem={form.problem("stop")}
        >
          {(control) => (
            <textarea
              {...control}
              rows={2}
              spellCheck={false}
              placeholder="None"
              value={form.draft.stop}
              onChange={(event) => form.change("stop", event.target.value)}
              onBlur={() => form.leave("stop")}
              className={`${TEXT_AREA} min-h-18 font-mono`}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
