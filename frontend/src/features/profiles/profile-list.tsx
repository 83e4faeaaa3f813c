import { Link } from "@tanstack/react-router";
import type { Profile } from "@/client/api";

interface ProfileListProps {
  profiles: readonly Profile[];
  /** One is being made, at the end of the list. */
  isMaking: boolean;
}

/** All profiles, in the order they were made. */
export function ProfileList({ profiles, isMaking }: ProfileListProps) {
  return (
    <ul className="flex flex-col gap-px">
      {profiles.map((profile) => (
        <li key={profile.id}>
          <Link
            to="/app/profiles"
            search={{ profile: profile.id }}
            className="flex min-h-13 flex-col justify-center rounded-md px-3 py-1.5 hover:bg-hover data-[status=active]:bg-hover"
          >
            <span className="flex items-center gap-2">
              <span className="truncate text-sm font-medium">{profile.name}</span>
              {profile.is_default && (
                <span className="flex-none rounded-sm bg-accent-soft px-1.5 text-xs text-ink">
                  Default
                </span>
              )}
            </span>
            <span className="truncate text-xs text-ink-2">
              {profile.model ?? "Default model"}
              {profile.system_prompt && ` · ${profile.system_prompt}`}
            </span>
          </Link>
        </li>
      ))}
      {isMaking && (
        <li className="flex min-h-13 items-center rounded-md bg-hover px-3 text-sm font-medium text-ink-2">
          New profile
        </li>
      )}
    </ul>
  );
}
