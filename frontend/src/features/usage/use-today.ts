import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "@/client/queries";
import { dayIn } from "@/lib/days";

/** The owner's day; undefined until the zone is known, so that nothing is asked for twice. */
export function useToday(): string | undefined {
  const { data, isError } = useQuery(settingsQuery);
  return data || isError ? dayIn(data?.time_zone) : undefined;
}
