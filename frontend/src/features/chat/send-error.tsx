import { Link } from "@tanstack/react-router";
import { ApiError, UnreachableError } from "@/client/http";
import { Button, buttonClass } from "@/components/button";
import { ERROR_TITLES, NEEDS_SETTINGS, sentence } from "./error-texts";

/** Why a message was not accepted. It still stands in the composer below. */
export function SendError({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const code = error instanceof ApiError ? error.code : null;
  const title =
    error instanceof UnreachableError
      ? "The console does not answer"
      : ((code && ERROR_TITLES[code]) ?? "Not sent");
  return (
    <div
      role="alert"
      className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-danger/25 bg-danger-soft px-4 py-2.5 text-sm"
    >
      <p className="min-w-48 flex-1">
        <span className="font-medium">{title}.</span>{" "}
        <span className="text-ink-2">
          {error instanceof ApiError ? wordsOf(error) : "Your message is kept here."}
          {error instanceof ApiError && error.requestId && ` (request ${error.requestId})`}
        </span>
      </p>
      {code !== null && NEEDS_SETTINGS.has(code) && (
        <Link to="/app/settings" className={buttonClass("plain")}>
          Open settings
        </Link>
      )}
      {code === "budget_exceeded" && (
        <Link to="/app/usage" search={{ view: "budgets" }} className={buttonClass("plain")}>
          See budgets
        </Link>
      )}
      <Button onClick={onRetry}>Send again</Button>
    </div>
  );
}

/** What the server said, and where money is the matter, what it advises. */
function wordsOf({ code, message, details }: ApiError): string {
  const hint = IS_OF_MONEY.has(code) && typeof details.hint === "string" ? details.hint : "";
  return [message, hint].filter(Boolean).map(sentence).join(" ");
}

const IS_OF_MONEY: ReadonlySet<string> = new Set([
  "budget_exceeded",
  "model_not_allowed",
  "price_cap",
]);
