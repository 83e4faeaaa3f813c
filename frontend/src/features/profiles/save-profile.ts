import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Profile, ProfileBody } from "@/client/api";
import { createProfile, replaceProfile } from "@/client/profiles";
import { keys } from "@/client/queries";

interface Save {
  /** The profile as it was when the form was filled; null makes a new one. */
  seen: Profile | null;
  body: ProfileBody;
}

export function useSaveProfile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ seen, body }: Save) => (seen ? replaceProfile(seen, body) : createProfile(body)),
    onSuccess: (saved) => {
      keepProfile(client, saved);
      // A new default takes that from the profile that was it.
      void client.invalidateQueries({ queryKey: keys.profiles });
    },
  });
}

/** Puts a profile that the server answered into the list. */
export function keepProfile(client: QueryClient, profile: Profile): void {
  client.setQueryData<Profile[]>(keys.profiles, (list) => {
    if (!list) return list;
    const isListed = list.some(({ id }) => id === profile.id);
    return isListed
      ? list.map((listed) => (listed.id === profile.id ? profile : listed))
      : [...list, profile];
  });
}
