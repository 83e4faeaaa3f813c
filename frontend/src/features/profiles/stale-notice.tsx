import { TriangleAlert } from "lucide-react";
import { Button } from "@/components/button";
import { type ProfileDraft, changedFields } from "./profile-draft";
import { LABELS, spellValue } from "./profile-texts";

interface StaleNoticeProps {
  /** What was stored when the form was filled, what is stored now, and what stands in the form. */
  base: ProfileDraft;
  current: ProfileDraft;
  draft: ProfileDraft;
  onLoadTheirs: () => void;
  onKeepMine: () => void;
}

/** Somebody saved this profile while it was being edited here. */
export function StaleNotice({ base, current, draft, onLoadTheirs, onKeepMine }: StaleNoticeProps) {
  const theirs = changedFields(base, current);
  const mine = new Set(changedFields(base, draft));
  return (
    <section
      aria-label="Changed elsewhere"
      className="flex flex-col gap-3 rounded-lg border border-line bg-warn-soft px-4 py-3 text-sm"
    >
      <p role="alert" className="flex gap-2.5">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 flex-none text-warn" />
        <span>
          <span className="font-medium">This profile was changed elsewhere.</span> Nothing of yours
          is saved yet.
        </span>
      </p>
      {theirs.length > 0 && (
        <dl className="ml-6.5 grid gap-x-4 gap-y-1.5 sm:grid-cols-[max-content_1fr]">
          {theirs.map((field) => (
            <div key={field} className="contents">
              <dt className="font-medium">{LABELS[field]}</dt>
              <dd className="wrap-anywhere text-ink-2">
                <del>{spellValue(field, base)}</del> → {spellValue(field, current)}
                {mine.has(field) && ` (yours: ${spellValue(field, draft)})`}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div className="ml-6.5 flex flex-wrap gap-2">
        <Button onClick={onKeepMine}>Keep my changes on top</Button>
        <Button onClick={onLoadTheirs}>Load theirs, drop mine</Button>
      </div>
    </section>
  );
}
