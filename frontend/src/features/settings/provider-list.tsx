import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ProviderInfo } from "@/client/api";
import { providersQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { plural } from "@/lib/format";

const KEYS: Readonly<Record<ProviderInfo["key"], string>> = {
  env: "key from the environment",
  file: "key stored on this machine",
  none: "no key",
};

/** Everybody whom the console can ask, and what a model of theirs is called. Keys are never shown. */
export function ProviderList() {
  const query = useQuery(providersQuery);
  if (query.isPending) return <SkeletonRows rows={2} className="h-14" />;
  if (query.data === undefined) {
    return (
      <ErrorNote title="The providers could not be loaded" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  return (
    <ul aria-label="Providers" className="flex flex-col">
      {query.data.map((provider) => (
        <Row key={provider.name} provider={provider} />
      ))}
    </ul>
  );
}

function Row({ provider }: { provider: ProviderInfo }) {
  const { name, label, demo, models, default_model, supports_custom_model } = provider;
  return (
    <li className="border-t border-line py-2.5 text-sm first:border-t-0 first:pt-0">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium wrap-anywhere">{label}</span>
        <Link
          to="/app/models"
          search={provider.default ? {} : { text: `${name}/` }}
          className="text-accent hover:underline"
        >
          {plural(models.length, "model")}
        </Link>
      </p>
      <p className="text-xs wrap-anywhere text-ink-3">
        {demo ? "Demo, no key is needed" : capitalised(KEYS[provider.key])}
        {!provider.default && (
          <>
            {" · models are called "}
            <code className="font-mono">{name}/…</code>
          </>
        )}
        {default_model !== null && (
          <>
            {" · by default "}
            <code className="font-mono">{default_model}</code>
          </>
        )}
        {!provider.default && supports_custom_model && " · takes names that are not listed too"}
      </p>
    </li>
  );
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
