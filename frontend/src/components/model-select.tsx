import { useQuery } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { Suspense, lazy } from "react";
import { modelsQuery } from "@/client/queries";
import type { ModelSelectProps } from "./model-combobox";
import { ModelLabel } from "./model-label";
import { useOnDemand } from "./on-demand";

const load = () => import("./model-combobox");
const ModelCombobox = lazy(load);

/** One model of the catalogue. The list with its search comes with the first press. */
export function ModelSelect(props: ModelSelectProps) {
  const { model, placeholder, trigger } = props;
  const { isOpened, standIn } = useOnDemand(load, "listbox");
  const models = useQuery(modelsQuery).data;
  const label = models?.find(({ id }) => id === model)?.name ?? model ?? placeholder;
  const closed = (
    <button {...trigger} {...standIn} aria-label={`Model: ${label}`}>
      <ModelLabel name={label} isShort={props.isShort ?? false} />
      <ChevronDown aria-hidden className="size-3.5 flex-none" />
    </button>
  );
  if (!isOpened) return closed;
  return (
    <Suspense fallback={closed}>
      <ModelCombobox {...props} label={label} />
    </Suspense>
  );
}
