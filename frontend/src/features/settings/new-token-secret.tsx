import { useEffect, useRef } from "react";
import type { AccessTokenMade } from "@/client/api";
import { Button } from "@/components/button";
import { useCopy } from "@/lib/use-copy";

interface NewTokenSecretProps {
  made: AccessTokenMade;
  onDone: () => void;
}

/** The one time that a token is shown. */
export function NewTokenSecret({ made, onDone }: NewTokenSecretProps) {
  const { copied, copy } = useCopy();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <section
      aria-label={`Token for ${made.name}`}
      className="flex flex-col gap-3 rounded-lg border border-accent bg-accent-soft px-4 py-3"
    >
      <p className="text-sm">
        <span className="font-medium wrap-anywhere">{made.name}</span> can use this token now. Copy
        it: it is not shown again, and the console keeps only a hash of it.
      </p>
      <div className="flex flex-wrap gap-2">
        <input
          ref={field}
          readOnly
          aria-label="Token"
          value={made.token}
          onFocus={(event) => event.target.select()}
          className="min-h-9 min-w-48 flex-1 rounded-md border border-line-strong bg-raised px-3 font-mono text-sm pointer-coarse:min-h-11"
        />
        <Button
          look="primary"
          onClick={() => copy(made.token)}
          className="min-h-9 pointer-coarse:min-h-11"
        >
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      <p className="text-xs text-ink-2">
        Programs send it as <code className="font-mono">Authorization: Bearer …</code>, where they
        would send an API key.
      </p>
      <Button onClick={onDone} className="self-start pointer-coarse:min-h-11">
        I have it
      </Button>
    </section>
  );
}
