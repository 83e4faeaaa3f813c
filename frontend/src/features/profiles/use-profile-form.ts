import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Profile } from "@/client/api";
import { ApiError } from "@/client/http";
import { fieldProblems } from "@/client/field-problems";
import { keepProfile, useSaveProfile } from "./save-profile";
import {
  type DraftField,
  NEW_DRAFT,
  type ProfileDraft,
  type Problems,
  bodyOf,
  changedFields,
  draftOf,
  fieldOf,
  problemsOf,
  rebase,
} from "./profile-draft";

const NO_FIELDS: ReadonlySet<DraftField> = new Set();

/**
 * A profile being edited, or made when `stored` is null from the start. `stored` is followed: while
 * nothing is typed a newer one fills the form, and else it is `stale.current` until one of the two is chosen.
 */
export function useProfileForm(stored: Profile | null, onCreated: (profile: Profile) => void) {
  const client = useQueryClient();
  const save = useSaveProfile();
  const [seen, setSeen] = useState(stored);
  const [draft, setDraft] = useState(() => (stored ? draftOf(stored) : NEW_DRAFT));
  const [left, setLeft] = useState(NO_FIELDS);
  const [refused, setRefused] = useState<Problems>({});
  /** Counts attempts to save that failed, so that the focus can go to what is wrong. */
  const [failures, setFailures] = useState(0);

  const base = useMemo(() => (seen ? draftOf(seen) : NEW_DRAFT), [seen]);
  const found = useMemo(() => problemsOf(draft), [draft]);
  const dirty = changedFields(base, draft).length > 0;
  const newer =
    stored && seen && stored.revision > seen.revision && !save.isPending ? stored : null;

  const gone = seen !== null && stored === null;
  const canSave = (dirty || gone) && newer === null && !save.isPending;

  const fill = (profile: Profile | null): void => {
    setSeen(profile);
    setDraft(profile ? draftOf(profile) : NEW_DRAFT);
    setLeft(NO_FIELDS);
    setRefused({});
    setFailures(0);
    save.reset();
  };
  if (newer && !dirty) {
    setSeen(newer);
    setDraft(draftOf(newer));
  }

  const submit = async (): Promise<void> => {
    if (!canSave) return;
    if (Object.keys(found).length > 0) {
      setFailures(failures + 1);
      return;
    }
    const isNew = seen === null || stored === null;
    try {
      const saved = await save.mutateAsync({ seen: isNew ? null : seen, body: bodyOf(draft) });
      fill(saved);
      if (isNew) onCreated(saved);
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      if (error.code === "stale") keepProfile(client, error.details.current as Profile);
      setRefused(refusedFields(error));
      setFailures(failures + 1);
    }
  };

  return {
    draft,
    dirty,
    saving: save.isPending,
    canSave,
    failures,
    /** It was stored when the form was filled, and is not any more. */
    gone,
    stale: newer && dirty ? { base, current: draftOf(newer) } : null,
    /** Why the last attempt failed, unless the fields or the notice already say so. */
    error: isShownElsewhere(save.error, refused) ? null : save.error,
    problem: (field: DraftField): string | undefined =>
      refused[field] ?? (failures > 0 || left.has(field) ? found[field] : undefined),
    change: <F extends DraftField>(field: F, value: ProfileDraft[F]): void => {
      setDraft((before) => ({ ...before, [field]: value }));
      setRefused((before) => ({ ...before, [field]: undefined }));
    },
    leave: (field: DraftField): void => setLeft((before) => new Set(before).add(field)),
    discard: () => fill(newer ?? seen),
    loadTheirs: () => fill(newer),
    keepMine: (): void => {
      if (!newer) return;
      setDraft(rebase(draft, base, draftOf(newer)));
      setSeen(newer);
      save.reset();
    },
    submit,
  };
}

export type ProfileForm = ReturnType<typeof useProfileForm>;

function refusedFields(error: ApiError): Problems {
  const problems: Problems = {};
  for (const [path, message] of fieldProblems(error)) {
    const field = fieldOf(path);
    if (field) problems[field] = field === "tools" ? `${path}: ${message}.` : `${message}.`;
  }
  return problems;
}

function isShownElsewhere(error: Error | null, refused: Problems): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === "stale") return true;
  return error.code === "validation_failed" && Object.values(refused).some(Boolean);
}
