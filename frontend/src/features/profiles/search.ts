export interface ProfilesSearch {
  /** The open profile, or the one that is being made. */
  profile?: number | "new";
}

/** What of the address the screen understands; the rest is passed over. */
export function parseProfilesSearch({ profile }: Record<string, unknown>): ProfilesSearch {
  const isId = typeof profile === "number" && Number.isSafeInteger(profile) && profile > 0;
  return isId || profile === "new" ? { profile } : {};
}
