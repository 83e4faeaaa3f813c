import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/client/queries";

/** Tells which parameters the model takes. One that says nothing, or is not known, may take any. */
export function useTakenParameters(model: string | null): (name: string) => boolean {
  const { data } = useQuery({ ...modelsQuery, enabled: model !== null });
  const taken = data?.find(({ id }) => id === model)?.supported_parameters ?? [];
  return (name) => taken.length === 0 || taken.includes(name);
}
