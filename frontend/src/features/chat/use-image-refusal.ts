import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/client/queries";

/** Why pictures cannot go to this model, as far as the catalogue knows it; null where they can. */
export function useImageRefusal(model: string | null, hasImages: boolean): string | null {
  const { data } = useQuery({ ...modelsQuery, enabled: hasImages });
  const known = hasImages ? data?.find(({ id }) => id === model) : undefined;
  if (!known || known.modalities.input.includes("image")) return null;
  return `${known.name} takes no pictures. Pick another model below, or remove them.`;
}
