import { useState } from "react";
import type { ModelDetail } from "@/client/api";
import { Segments } from "@/components/segments";

type Analysis = ModelDetail["parameters"];
type View = "any" | "all" | "each";

const VIEWS: readonly { value: View; label: string }[] = [
  { value: "any", label: "Somebody takes" },
  { value: "all", label: "All take" },
  { value: "each", label: "Each" },
];

/** What may be asked of the model: of anybody who serves it, of all of them, or of each. */
export function ModelParameters({ analysis }: { analysis: Analysis }) {
  const [view, setView] = useState<View>("any");
  const isCompared = analysis.intersection !== null;
  return (
    <section aria-labelledby="model-parameters">
      <h3 id="model-parameters" className="mb-2 text-sm font-semibold">
        Parameters it takes
      </h3>
      {isCompared && (
        <div className="mb-3 flex">
          <Segments
            legend="Parameters that"
            control={{ "aria-describedby": undefined }}
            options={VIEWS}
            value={view}
            onChange={setView}
          />
        </div>
      )}
      {isCompared && view === "each" ? (
        <ul className="flex flex-col gap-3">
          {Object.entries(analysis.by_provider).map(([provider, names]) => (
            <li key={provider}>
              <h4 className="mb-1 text-sm">{provider}</h4>
              <Names names={names} common={analysis.intersection ?? []} />
            </li>
          ))}
        </ul>
      ) : (
        <Names
          names={view === "all" ? (analysis.intersection ?? []) : analysis.union}
          common={analysis.intersection ?? analysis.union}
        />
      )}
    </section>
  );
}

interface NamesProps {
  names: readonly string[];
  /** What not everybody takes stands out. */
  common: readonly string[];
}

function Names({ names, common }: NamesProps) {
  if (names.length === 0) return <p className="text-sm text-ink-2">None that are known.</p>;
  return (
    <ul className="flex flex-wrap gap-1.5">
      {names.map((name) => (
        <li
          key={name}
          className={`rounded-sm px-1.5 py-0.5 font-mono text-xs ${common.includes(name) ? "bg-sunken text-ink-2" : "bg-warn-soft text-warn"}`}
        >
          {name}
          {!common.includes(name) && <span className="sr-only"> (not everywhere)</span>}
        </li>
      ))}
    </ul>
  );
}
