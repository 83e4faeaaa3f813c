import { Combobox } from "@base-ui/react/combobox";
import { useQuery } from "@tanstack/react-query";
import { Brain, Check, ChevronDown } from "lucide-react";
import { useState } from "react";
import type { Model } from "@/client/api";
import { modelsQuery } from "@/client/queries";
import { formatContext } from "@/lib/format";
import type { FieldControl } from "./field";
import { ModelLabel } from "./model-label";
import { formatPrices, matchesText } from "./models";

/** More rows than anyone reads; typing narrows them. */
const MAX_ROWS = 100;

export interface ModelSelectProps {
  /** The id of the model in force, whoever chose it; null while there is none. */
  model: string | null;
  /** What stands where `model` is null. */
  placeholder: string;
  onChoose: (id: string) => void;
  /** Shows the author only where there is room. */
  isShort?: boolean;
  /** Takes the choice back; offered below the list. */
  clear?: { label: string; run: () => void } | undefined;
  side: "top" | "bottom";
  /** Where the keyboard goes on closing; to the trigger when left out. */
  returnFocus?: () => HTMLElement | null;
  trigger: { className: string } & Partial<FieldControl>;
}

interface ModelComboboxProps extends ModelSelectProps {
  /** The name of the model in force. */
  label: string;
}

/** Search by name or author, with price and context beside each. Open from the start. */
export default function ModelCombobox({
  model,
  label,
  isShort = false,
  onChoose,
  clear,
  side,
  returnFocus,
  trigger,
}: ModelComboboxProps) {
  const models = useQuery(modelsQuery);
  const [open, setOpen] = useState(true);
  const available = (models.data ?? []).filter(({ removed_at }) => removed_at === null);
  const current = models.data?.find(({ id }) => id === model) ?? null;
  return (
    <Combobox.Root
      items={available}
      value={current}
      limit={MAX_ROWS}
      open={open}
      onOpenChange={setOpen}
      autoHighlight
      itemToStringLabel={labelOf}
      itemToStringValue={idOf}
      isItemEqualToValue={(item, value) => item.id === value.id}
      filter={matchesText}
      onValueChange={(chosen) => {
        if (chosen) onChoose(chosen.id);
      }}
    >
      <Combobox.Trigger {...trigger} aria-label={`Model: ${label}`}>
        <ModelLabel name={label} isShort={isShort} />
        <ChevronDown aria-hidden className="size-3.5 flex-none" />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" side={side} sideOffset={8} className="z-50">
          <Combobox.Popup
            aria-label="Pick a model"
            {...(returnFocus ? { finalFocus: returnFocus } : {})}
            className="flex max-h-[min(26rem,var(--available-height))] w-[min(30rem,calc(100vw-1.5rem))] flex-col rounded-lg border border-line bg-raised shadow-pop outline-none"
          >
            <Combobox.Input
              placeholder="Search models"
              aria-label="Search models"
              className="m-1.5 min-h-9 rounded-md bg-sunken px-2.5 text-sm outline-none placeholder:text-ink-3 focus-visible:ring-1 focus-visible:ring-accent"
            />
            <div className="flex justify-between px-4 pb-1 text-xs text-ink-3">
              <span>Model</span>
              <span>Context · $ in / out per 1M</span>
            </div>
            <Combobox.Empty className="px-4 empty:hidden">
              <p className="py-3 text-sm text-ink-3">{emptyText(models)}</p>
            </Combobox.Empty>
            <Combobox.List className="min-h-0 overflow-y-auto overscroll-contain scroll-py-1.5 px-1.5 pb-1.5 outline-none">
              {(item: Model) => <ModelRow key={item.id} model={item} />}
            </Combobox.List>
            {clear && (
              <button
                type="button"
                className="border-t border-line px-4 py-2 text-left text-sm text-ink-2 hover:bg-hover"
                onClick={() => {
                  clear.run();
                  setOpen(false);
                }}
              >
                {clear.label}
              </button>
            )}
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}

function ModelRow({ model }: { model: Model }) {
  return (
    <Combobox.Item
      value={model}
      className="grid grid-cols-[1rem_1fr_auto] items-center gap-x-2.5 rounded-md px-2.5 py-1.5 outline-none select-none data-highlighted:bg-hover"
    >
      <Combobox.ItemIndicator className="text-accent">
        <Check aria-hidden className="size-4" />
      </Combobox.ItemIndicator>
      <span className="col-start-2 min-w-0">
        <span className="flex items-center gap-1.5 text-sm">
          <span className="truncate">{model.name}</span>
          {model.is_reasoning && (
            <Brain aria-label="reasons" role="img" className="size-3.5 flex-none text-ink-3" />
          )}
        </span>
        <span className="block truncate text-xs text-ink-3">{model.id}</span>
      </span>
      <span className="text-right text-xs text-ink-3 tabular-nums">
        <span className="block">{formatContext(model.context_length)}</span>
        <span className="block">{formatPrices(model)}</span>
      </span>
    </Combobox.Item>
  );
}

function emptyText({ isPending, data }: { isPending: boolean; data: unknown }): string {
  if (isPending) return "Loading the models…";
  return data === undefined ? "The models could not be loaded." : "No model matches.";
}

function labelOf({ name }: Model): string {
  return name;
}

function idOf({ id }: Model): string {
  return id;
}
