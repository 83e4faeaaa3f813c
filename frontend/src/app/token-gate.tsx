import { type FormEvent, type ReactNode, useState } from "react";
import { useChannelStatus } from "@/lib/stream/live";
import { readToken, storeToken } from "@/lib/token";
import { Button } from "@/components/button";
import { useTokenGate } from "./token-gate-store";

/** Shows its children, or one field for the token once the console asked for it. */
export function TokenGate({ children }: { children: ReactNode }) {
  const refusedCall = useTokenGate((state) => state.required);
  const refusedStream = useChannelStatus((status) => status.state === "unauthorized");
  return refusedCall || refusedStream ? <TokenForm /> : children;
}

function TokenForm() {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    storeToken(token);
    // A fresh start is the simplest way for every part of the page to use the new token.
    window.location.reload();
  };
  return (
    <main className="flex min-h-full items-center justify-center p-6">
      <form onSubmit={submit} className="flex w-full max-w-sm flex-col gap-4">
        <div>
          <h1 className="text-xl font-semibold">This console is locked</h1>
          <p className="mt-1 text-ink-2">
            Paste the token that its start line printed after <code>#token=</code>.
          </p>
        </div>
        <label className="flex flex-col gap-1.5 text-sm font-medium">
          Token
          <input
            type="password"
            autoComplete="current-password"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
            className="min-h-10 rounded-md border border-line-strong bg-raised px-3 font-mono"
          />
        </label>
        {readToken() !== null && (
          <p role="alert" className="text-sm text-danger">
            The token that this browser had was not accepted.
          </p>
        )}
        <Button type="submit" look="primary" className="min-h-10">
          Unlock
        </Button>
      </form>
    </main>
  );
}
