import { Link } from "@tanstack/react-router";
import type { Settings } from "@/client/api";
import { buttonClass } from "@/components/button";
import { TypedSetting } from "./typed-setting";

/** When the owner's days begin, which models may be asked, and at what prices. */
export function MoneySettings({ settings }: { settings: Settings }) {
  return (
    <>
      <Link
        to="/app/usage"
        search={{ view: "budgets" }}
        className={`${buttonClass()} self-start pointer-coarse:min-h-10`}
      >
        Set budgets
      </Link>
      <TypedSetting
        label="Allowed models"
        hint="A pattern a line, such as anthropic/* or *:free. Empty allows all."
        multiline
        stored={settings.allowed_models.join("\n")}
        problemOf={patternsProblem}
        patchOf={(text) => ({ allowed_models: patternsOf(text) })}
      />
      <div className="grid gap-x-5 gap-y-3 sm:grid-cols-2">
        <TypedSetting
          label="Highest price of input"
          hint="US dollars per 1M tokens. Empty: none."
          inputMode="decimal"
          stored={priceText(settings.max_prompt_price)}
          problemOf={priceProblem}
          patchOf={(text) => ({ max_prompt_price: text.trim() || null })}
        />
        <TypedSetting
          label="Highest price of output"
          hint="US dollars per 1M tokens. Empty: none."
          inputMode="decimal"
          stored={priceText(settings.max_completion_price)}
          problemOf={priceProblem}
          patchOf={(text) => ({ max_completion_price: text.trim() || null })}
        />
      </div>
      <TypedSetting
        label="Time zone"
        hint={`Days of usage and budgets begin at midnight there. This device is in ${deviceZone()}.`}
        stored={settings.time_zone}
        options={Intl.supportedValuesOf("timeZone")}
        problemOf={zoneProblem}
        patchOf={(time_zone) => ({ time_zone: time_zone.trim() })}
      />
    </>
  );
}

function patternsOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

function patternsProblem(text: string): string | null {
  const odd = patternsOf(text).find((pattern) => !/^[!-~]{1,200}$/.test(pattern));
  return odd === undefined ? null : `“${odd}” is no name of models.`;
}

function priceText(price: number | null): string {
  return price === null ? "" : String(price);
}

function priceProblem(text: string): string | null {
  const price = text.trim();
  if (price === "") return null;
  if (!/^\d{1,7}(\.\d{1,6})?$/.test(price)) return "Must be an amount, such as 2.50.";
  return Number(price) > 1_000_000 ? "Must be at most 1,000,000." : null;
}

function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function zoneProblem(text: string): string | null {
  return isZone(text.trim()) ? null : "Must be a zone such as Europe/Berlin.";
}

function isZone(timeZone: string): boolean {
  try {
    return Boolean(Intl.DateTimeFormat("en", { timeZone }));
  } catch {
    return false;
  }
}
