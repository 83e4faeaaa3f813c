import { useState } from "react";
import type { RetryData } from "@/client/api";
import { formatWait } from "@/lib/format";
import { useCountdown } from "@/lib/use-countdown";
import { ERROR_TITLES, sentence } from "./error-texts";

/** The provider failed before the first word: why, and when it is asked again. Stop ends the wait like any answer. */
export function Retrying({ retry }: { retry: RetryData }) {
  return (
    <div role="status" className="flex min-h-6 items-baseline gap-2.5 text-ink-2">
      <span className="live-dot" aria-hidden />
      <p className="min-w-0 text-sm wrap-anywhere">
        <span className="font-medium">
          {sentence(ERROR_TITLES[retry.error_code] ?? "The provider failed")}
        </span>{" "}
        <NextTry key={retry.attempt} retry={retry} />
        {retry.max_tokens !== null && (
          <> The answer may be at most {retry.max_tokens.toLocaleString()} tokens long then.</>
        )}
      </p>
    </div>
  );
}

function NextTry({ retry }: { retry: RetryData }) {
  // The server's clock may be another one: no wait is longer than the server said.
  const [until_ms] = useState(() => Math.min(Date.parse(retry.at), Date.now() + retry.wait_ms));
  const left_s = useCountdown(until_ms);
  return left_s > 0 ? (
    <span aria-hidden>
      Try {retry.attempt} in {formatWait(left_s)}.
    </span>
  ) : (
    <span>Try {retry.attempt} is under way.</span>
  );
}
