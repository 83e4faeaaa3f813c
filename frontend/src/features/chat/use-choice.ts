import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Session } from "@/client/api";
import { keys, profilesQuery, settingsQuery } from "@/client/queries";
import { patchSession } from "@/client/sessions";
import { toasts } from "@/components/toasts";
import { parseNewChatSearch } from "./new-chat-search";

interface Chosen {
  /** Null leaves it to the profile, and else to the settings. */
  model: string | null;
  profile_id: number | null;
}

export interface Choice extends Chosen {
  /** The model that will answer, whoever chose it; null while that is not known. */
  effectiveModel: string | null;
  choose: (change: Partial<Chosen>) => void;
}

/** Who answers next. A stored session remembers it; a new one keeps it until its first turn. */
export function useChoice(session: Session | undefined): Choice {
  const client = useQueryClient();
  const [fresh, setFresh] = useState<Partial<Chosen>>({});
  const profiles = useQuery(profilesQuery).data;
  const settings = useQuery(settingsQuery).data;
  const save = useMutation({
    mutationFn: ({ to, change }: { to: Session; change: Partial<Chosen> }) =>
      patchSession(to, change),
    onMutate: ({ to, change }) =>
      client.setQueryData<Session>(keys.session(to.id), { ...to, ...change }),
    onSuccess: (saved) => client.setQueryData(keys.session(saved.id), saved),
    onError: (error, { to }) => {
      toasts.add({ title: "Not saved", description: error.message, priority: "high" });
      void client.invalidateQueries({ queryKey: keys.session(to.id) });
    },
  });

  const { model = null } = parseNewChatSearch(useSearch({ strict: false }));
  const defaultProfile = profiles?.find((profile) => profile.is_default)?.id ?? null;
  const chosen: Chosen = session ?? { model, profile_id: defaultProfile, ...fresh };
  const profile = profiles?.find(({ id }) => id === chosen.profile_id);
  return {
    model: chosen.model,
    profile_id: chosen.profile_id,
    effectiveModel: chosen.model ?? profile?.model ?? settings?.model ?? null,
    choose: (change) => {
      if (session) save.mutate({ to: session, change });
      else setFresh((before) => ({ ...before, ...change }));
    },
  };
}
