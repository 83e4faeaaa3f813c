import { useQuery } from "@tanstack/react-query";
import type { Budget } from "@/client/api";
import { profilesQuery, sessionQuery } from "@/client/queries";
import { tokensQuery } from "@/client/tokens";
import type { Names } from "./budget-names";

/** The names of what a budget may be for; only what its kind needs is asked for. */
export function useNames({ kind, of }: Pick<Budget, "kind" | "of">): Names {
  const profiles = useQuery({ ...profilesQuery, enabled: kind === "profile" }).data;
  const tokens = useQuery({ ...tokensQuery, enabled: kind === "token" }).data;
  const session = useQuery({
    ...sessionQuery(of ?? ""),
    enabled: kind === "session" && of !== null,
  }).data;
  return {
    profiles: new Map(profiles?.map(({ id, name }) => [String(id), name])),
    tokens: new Map(tokens?.map(({ id, name }) => [id, name])),
    sessions: new Map(session ? [[session.id, session.title || "New chat"]] : []),
  };
}
