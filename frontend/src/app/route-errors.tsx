import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button, buttonClass } from "@/components/button";

/** A screen that broke. The shell around it goes on. */
export function RouteCrash({ error, reset }: ErrorComponentProps) {
  return (
    <div role="alert" className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
      <h1 className="text-xl font-semibold">This screen broke</h1>
      <p className="text-ink-2">Nothing that was stored is lost. The browser said:</p>
      <pre className="w-full overflow-x-auto rounded-md bg-sunken p-3 font-mono text-sm">
        {error instanceof Error ? error.message : String(error)}
      </pre>
      <Button look="primary" onClick={reset}>
        Show it again
      </Button>
    </div>
  );
}

export function NotFound() {
  return (
    <div className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
      <h1 className="text-xl font-semibold">There is no such page</h1>
      <Link to="/" className={buttonClass("primary")}>
        Start a new chat
      </Link>
    </div>
  );
}
