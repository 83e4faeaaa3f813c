import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button, buttonClass } from "@/components/button";
import { ScreenHeader } from "@/components/screen-header";

/** A screen that broke. The shell around it goes on. */
export function RouteCrash({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <ScreenHeader title="This screen broke" />
      <div role="alert" className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
        <p className="text-ink-2">Nothing that was stored is lost. The browser said:</p>
        <pre className="w-full overflow-x-auto rounded-md bg-sunken p-3 font-mono text-sm">
          {error instanceof Error ? error.message : String(error)}
        </pre>
        <Button look="primary" onClick={reset}>
          Show it again
        </Button>
      </div>
    </>
  );
}

export function NotFound() {
  return (
    <>
      <ScreenHeader title="There is no such page" />
      <div className="m-auto flex max-w-md flex-col items-start gap-3 p-6">
        <p className="text-ink-2">The link is not complete, or what it led to has moved.</p>
        <Link to="/" className={buttonClass("primary")}>
          Start a new chat
        </Link>
      </div>
    </>
  );
}
