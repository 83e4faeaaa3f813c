import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { Model, ModelDetail } from "@/client/api";
import { modelQuery } from "@/client/models";
import { Button, buttonClass } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { formatCount } from "@/lib/format";
import { Markdown } from "@/lib/markdown/markdown";
import { useCopy } from "@/lib/use-copy";
import { ModelEndpoints } from "./model-endpoints";
import { ModelParameters } from "./model-parameters";
import { ModelPrices } from "./model-prices";
import { PriceHistory } from "./price-history";

interface ModelDetailProps {
  /** The open model, or null. */
  id: string | null;
  /** The same as the list has it, if it does. */
  listed: Model | undefined;
  onClose: () => void;
}

/** Everything about one model, in a sheet over the list. */
export default function ModelSheet({ id, listed, onClose }: ModelDetailProps) {
  const query = useQuery({ ...modelQuery(id ?? ""), enabled: id !== null });
  const model = listed ?? query.data;
  return (
    <Dialog.Root open={id !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(20_18_14/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Dialog.Popup className="fixed inset-y-0 right-0 z-40 flex w-full flex-col border-l border-line bg-canvas shadow-pop transition-transform outline-none data-ending-style:translate-x-full data-starting-style:translate-x-full sm:w-md">
          <div className="flex min-h-12 flex-none items-center gap-2 border-b border-line py-2 pr-2 pl-5">
            <Dialog.Title className="min-w-0 flex-1 font-semibold wrap-anywhere">
              {model?.name ?? id}
            </Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              className="inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink pointer-coarse:size-10"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          {model && <Detail model={model} loaded={query.data} error={query.error} />}
          {!model && query.isError && (
            <div className="p-5">
              <ErrorNote title="This model could not be shown" error={query.error} />
            </div>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface DetailProps {
  model: Model;
  /** With what takes longer to find out, once that is there. */
  loaded: ModelDetail | undefined;
  error: Error | null;
}

function Detail({ model, loaded, error }: DetailProps) {
  const { copied, copy } = useCopy();
  return (
    <>
      <div
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
        tabIndex={0}
        role="region"
        aria-label="Details"
        className="flex min-h-0 flex-1 flex-col gap-6 overflow-y-auto px-5 py-4 -outline-offset-2"
      >
        <p className="font-mono text-sm wrap-anywhere text-ink-2">{model.id}</p>
        {model.removed_at !== null && (
          <p className="rounded-lg border border-line bg-warn-soft px-4 py-3 text-sm">
            The provider does not offer this model any more.
          </p>
        )}
        {model.description && (
          <div className="text-sm">
            <Markdown text={model.description} />
          </div>
        )}
        <section aria-labelledby="model-facts">
          <h3 id="model-facts" className="mb-2 text-sm font-semibold">
            Facts
          </h3>
          <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 text-sm">
            {factsOf(model).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-ink-2">{name}</dt>
                <dd className="tabular-nums">{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <ModelPrices pricing={model.pricing} />
        <PriceHistory versions={loaded?.price_history ?? []} />
        <ModelEndpoints detail={loaded} failed={error !== null && !loaded} />
        <ModelParameters
          analysis={
            loaded?.parameters ?? {
              union: model.supported_parameters,
              intersection: null,
              by_provider: {},
            }
          }
        />
      </div>
      <div className="flex flex-none gap-2 border-t border-line px-5 py-3">
        {model.removed_at === null && (
          <Link
            to="/"
            search={{ model: model.id }}
            className={`${buttonClass("primary")} pointer-coarse:min-h-11`}
          >
            Use in new chat
          </Link>
        )}
        <Button className="pointer-coarse:min-h-11" onClick={() => copy(model.id)}>
          {copied ? "Copied" : "Copy id"}
        </Button>
      </div>
    </>
  );
}

function factsOf(model: Model): [name: string, value: string][] {
  const { context_length, max_output_tokens, modalities, created_at } = model;
  return [
    ["Context", tokens(context_length)],
    ["Longest answer", tokens(max_output_tokens)],
    ["Reasons", model.is_reasoning ? "yes" : "no"],
    ["Takes", modalities.input.join(", ")],
    ["Gives", modalities.output.join(", ")],
    ["Author", model.family],
    ["Provider", model.provider],
    ["Added", added(created_at)],
  ];
}

function tokens(count: number | null): string {
  return count === null ? "not stated" : `${formatCount(count)} tokens`;
}

/** A model whose date the provider does not name has that of the epoch. */
function added(created_at: string): string {
  const date = new Date(created_at);
  if (date.getTime() <= 0) return "not stated";
  return date.toLocaleDateString(undefined, { dateStyle: "medium" });
}
