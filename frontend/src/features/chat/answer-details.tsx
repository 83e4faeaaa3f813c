import { useQuery } from "@tanstack/react-query";
import type { Generation, Message } from "@/client/api";
import { generationQuery } from "@/client/queries";
import { formatContext, formatDuration } from "@/lib/format";
import { ERROR_TITLES } from "./error-texts";

type Attempt = Generation["attempts"][number];

/** How an answer came about: who was asked, how often and with what. */
export default function AnswerDetails({ message }: { message: Message }) {
  const { data, isError } = useQuery(generationQuery(message.generation_id ?? "", message.status));
  if (isError) return <p className="text-xs text-ink-3">This could not be loaded.</p>;
  if (!data) return <p className="text-xs text-ink-3">Loading…</p>;
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-5 gap-y-1 text-xs text-ink-2">
      {factsOf(data).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name}</dt>
          <dd className="min-w-0 wrap-anywhere tabular-nums">{value}</dd>
        </div>
      ))}
      <dt className="text-ink-3">Calls</dt>
      <dd>
        <ol className="list-none">
          {data.attempts.map((attempt, index) => (
            <li key={attempt.at}>
              {index + 1}. {told(attempt)}
            </li>
          ))}
        </ol>
      </dd>
    </dl>
  );
}

function factsOf({ model, provider, params, context, usage }: Generation): [string, string][] {
  const facts: [string, string | null | undefined][] = [
    ["Asked for", model],
    ["Sent to", provider],
    ["Provider’s id", usage?.upstream_id],
    ["Parameters", spell(params)],
    [
      "Context",
      context && `about ${formatContext(context.estimated_tokens)} tokens sent${limitOf(context)}`,
    ],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}

function limitOf({ limit_tokens }: NonNullable<Generation["context"]>): string {
  return limit_tokens === null ? "" : ` of ${formatContext(limit_tokens)}`;
}

function spell(params: Generation["params"]): string {
  return Object.entries(params)
    .filter(([name]) => name !== "tools")
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}

function told({ status, error_code, waited_ms, max_tokens }: Attempt): string {
  const after = waited_ms > 0 ? `after ${formatDuration(waited_ms)}: ` : "";
  const title = error_code === null ? "answered" : (ERROR_TITLES[error_code] ?? "failed");
  const code = error_code !== null && status !== null ? ` (${status})` : "";
  const limit = max_tokens ? `, at most ${max_tokens.toLocaleString()} tokens` : "";
  return `${after}${title}${code}${limit}`;
}
