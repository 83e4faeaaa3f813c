import { UserRound } from "lucide-react";

/** The name of the profile in force; where there is none, a narrow screen keeps its room for the model. */
export function ProfileLabel({ name }: { name: string | null }) {
  if (name !== null) return <span className="truncate">{name}</span>;
  return (
    <>
      <UserRound aria-hidden className="size-4 flex-none sm:hidden" />
      <span className="truncate max-sm:hidden">No profile</span>
    </>
  );
}
