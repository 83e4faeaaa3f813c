import { Link } from "@tanstack/react-router";
import type { Settings } from "@/client/api";
import { TypedSetting } from "./typed-setting";

/** When the owner's days begin, which models may be asked, and at what prices. */
export function MoneySettings({ settings }: { settings: Settings }) {
  return (
    <>
      <TypedSetting
        label="Time zone"
        hint={`Days of usage and budgets begin at midnight there. This device is in ${deviceZone()}.`}
        stored={settings.time_zone}
        options={Intl.supportedValuesOf("timeZone")}
        problemOf={zoneProblem}
        patchOf={(time_zone) => ({ time_zone: time_zone.trim() })}
      />
      <Link
        to="/app/usage"
        search={{ view: "budgets" }}
        className="self-start rounded-sm text-sm font-medium text-accent underline underline-offset-2"
      >
        Budgets
      </Link>
    </>
  );
}

function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function zoneProblem(text: string): string | null {
  try {
    return Intl.DateTimeFormat("en", { timeZone: text.trim() }) && null;
  } catch {
    return "Must be a zone such as Europe/Berlin.";
  }
}
