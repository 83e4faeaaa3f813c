import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AccessToken } from "@/client/api";
import { keys } from "@/client/queries";
import { revokeToken } from "@/client/tokens";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { announce } from "@/lib/announcer";
import { formatAge, formatMoment } from "@/lib/age";
import { formatUsd } from "@/lib/format";
import { widestScope } from "./token-scopes";

interface TokenRowProps {
  token: AccessToken;
  /** The row is about to move, and its button to go. */
  onRevoked: () => void;
}

export function TokenRow({ token, onRevoked }: TokenRowProps) {
  const { id, name, scopes, created_at, last_used_at, revoked_at } = token;
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(id),
    onSuccess: async () => {
      announce("Token revoked");
      onRevoked();
      await client.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const facts = [
    widestScope(scopes),
    moneyOf(token),
    revoked_at === null
      ? last_used_at === null
        ? "never used"
        : `last used ${formatAge(last_used_at)}`
      : `revoked ${formatAge(revoked_at)}`,
  ];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line py-2.5 text-sm first:border-t-0 first:pt-0">
      <div className="min-w-40 flex-1">
        <p className={`font-medium wrap-anywhere ${revoked_at === null ? "" : "text-ink-2"}`}>
          {name}
        </p>
        <p
          className="text-xs text-ink-3 tabular-nums"
          title={`Made on ${formatMoment(created_at)}`}
        >
          {facts.filter(Boolean).join(" · ")}
        </p>
      </div>
      {revoked_at === null && (
        <Button
          aria-label={`Revoke ${name}`}
          disabled={revoke.isPending}
          onClick={() => setAsking(true)}
          className="pointer-coarse:min-h-10"
        >
          Revoke
        </Button>
      )}
      {revoke.error && (
        <p role="alert" className="w-full text-sm text-danger">
          Not revoked. {revoke.error.message}
        </p>
      )}
      <ConfirmDialog
        open={asking}
        title={`Revoke “${name}”?`}
        confirm="Revoke token"
        cancel="Keep it"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          revoke.mutate();
        }}
      >
        <p>
          The program that has it is shut out at once, and for good. Answers that it started are
          finished and kept.
        </p>
      </ConfirmDialog>
    </li>
  );
}

/** What it spent, of what it may; what is held for calls under way counts too. */
function moneyOf({ budget_usd, spent_usd, reserved_usd }: AccessToken): string {
  const held = reserved_usd > 0 ? ` and ${formatUsd(reserved_usd)} held` : "";
  if (budget_usd !== null)
    return `${formatUsd(spent_usd)}${held} of ${formatUsd(budget_usd)} spent`;
  return spent_usd > 0 || held ? `${formatUsd(spent_usd)}${held} spent` : "";
}
