import { useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { Suspense, lazy } from "react";
import { profilesQuery } from "@/client/queries";
import { useOnDemand } from "@/components/on-demand";
import { ProfileLabel } from "./profile-label";
import type { ProfileItem } from "./profile-select";
import type { Choice } from "./use-choice";

const load = () => import("./profile-select");
const ProfileSelect = lazy(load);

const TRIGGER =
  "inline-flex min-h-8 max-w-48 min-w-0 shrink-[0.2] items-center gap-1 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink data-popup-open:bg-hover pointer-coarse:min-h-10";

/** The profile that the next answer follows, where there are any. */
export function ProfilePicker({ choice }: { choice: Choice }) {
  const profiles = useQuery(profilesQuery).data ?? [];
  const { isOpened, standIn } = useOnDemand(load, "listbox");
  if (profiles.length === 0) return null;
  const items: ProfileItem[] = [
    { value: null, label: "No profile" },
    ...profiles.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const closed = (
    <button {...standIn} aria-label="Profile" className={TRIGGER}>
      <ProfileLabel name={profiles.find(({ id }) => id === choice.profile_id)?.name ?? null} />
      <ChevronDown aria-hidden className="size-3.5 flex-none" />
    </button>
  );
  if (!isOpened) return closed;
  return (
    <Suspense fallback={closed}>
      <ProfileSelect
        items={items}
        value={choice.profile_id}
        onChoose={(profile_id) => choice.choose({ profile_id })}
        className={TRIGGER}
      />
    </Suspense>
  );
}
