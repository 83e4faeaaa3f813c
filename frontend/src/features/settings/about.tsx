import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "@/client/queries";
import { buttonClass } from "@/components/button";
import { UNKNOWN } from "@/lib/format";

const PROVIDERS: Readonly<Record<string, string>> = {
  demo: "Demo, built in",
  openrouter: "OpenRouter",
  custom: "A server of yours",
  none: "None",
};

export function About({ base_url }: { base_url: string }) {
  const health = useQuery(healthQuery).data;
  const provider = health ? (PROVIDERS[health.upstream] ?? health.upstream) : UNKNOWN;
  const facts = [
    ["Version", health?.version ?? UNKNOWN],
    ["Database", health?.database ?? UNKNOWN],
    ["Provider", provider],
    ...(health?.demo ? [] : [["Its address", base_url]]),
    ["License", "MIT"],
  ];
  return (
    <>
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-2">{name}</dt>
            <dd className="wrap-anywhere tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <a href="/docs" className={`${buttonClass("plain")} self-start`}>
        API reference
      </a>
    </>
  );
}
