import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import type { AccessTokenMade } from "@/client/api";
import { tokensQuery } from "@/client/tokens";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { plural } from "@/lib/format";
import { NewTokenForm } from "./new-token-form";
import { NewTokenSecret } from "./new-token-secret";
import { TokenRow } from "./token-row";

/** What programs were given in place of the owner's token. */
export function AccessTokens() {
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<AccessTokenMade | null>(null);
  const add = useRef<HTMLButtonElement>(null);
  const focusAdd = (): void => {
    // The button is back after this render.
    requestAnimationFrame(() => add.current?.focus());
  };
  return (
    <>
      {made && (
        <NewTokenSecret
          made={made}
          onDone={() => {
            setMade(null);
            focusAdd();
          }}
        />
      )}
      {isAdding && (
        <NewTokenForm
          onMade={(token) => {
            setAdding(false);
            setMade(token);
          }}
          onCancel={() => {
            setAdding(false);
            focusAdd();
          }}
        />
      )}
      {!isAdding && !made && (
        <button
          ref={add}
          type="button"
          onClick={() => setAdding(true)}
          className="inline-flex min-h-8 items-center gap-1.5 self-start rounded-md border border-line-strong bg-raised px-3 text-sm font-medium hover:bg-hover pointer-coarse:min-h-10 [&_svg]:size-4"
        >
          <Plus aria-hidden />
          New token
        </button>
      )}
      <TokenList onRevoked={focusAdd} />
    </>
  );
}

function TokenList({ onRevoked }: { onRevoked: () => void }) {
  const query = useQuery(tokensQuery);
  if (query.isPending) return <SkeletonRows rows={2} className="h-12" />;
  if (query.data === undefined) {
    return (
      <ErrorNote title="The tokens could not be loaded" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  const active = query.data.filter(({ revoked_at }) => revoked_at === null);
  const revoked = query.data.filter(({ revoked_at }) => revoked_at !== null);
  return (
    <>
      {active.length === 0 ? (
        <p className="text-sm text-ink-3">No program has a token of its own.</p>
      ) : (
        <ul aria-label="Access tokens" className="flex flex-col">
          {active.map((token) => (
            <TokenRow key={token.id} token={token} onRevoked={onRevoked} />
          ))}
        </ul>
      )}
      {revoked.length > 0 && (
        <details className="text-sm">
          <summary className="cursor-pointer rounded-sm text-ink-2 hover:text-ink">
            {plural(revoked.length, "revoked token")}
          </summary>
          <ul aria-label="Revoked tokens" className="mt-1 flex flex-col">
            {revoked.map((token) => (
              <TokenRow key={token.id} token={token} onRevoked={onRevoked} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
