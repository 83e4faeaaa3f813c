import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import type { Settings } from "@/client/api";
import { settingsQuery } from "@/client/queries";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { ScreenHeader } from "@/components/screen-header";
import { SkeletonRows } from "@/components/skeleton-rows";
import { numberProblem } from "@/lib/number-range";
import { RANGES, systemPromptProblem } from "@/lib/parameters";
import { About } from "./about";
import { AccessTokens } from "./access-tokens";
import { ChoiceSetting } from "./choice-setting";
import { KeySetting } from "./key-setting";
import { ModelSetting } from "./model-setting";
import { MoneySettings } from "./money-settings";
import { ProviderList } from "./provider-list";
import { TypedSetting } from "./typed-setting";

export function SettingsScreen() {
  const query = useQuery(settingsQuery);
  return (
    <>
      <ScreenHeader title="Settings" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-240 px-5 pb-16">
          {query.isPending && (
            <div className="pt-8">
              <SkeletonRows rows={4} className="h-28" />
            </div>
          )}
          {query.isError && query.data === undefined && (
            <div className="pt-8">
              <ErrorNote title="The settings could not be loaded" error={query.error}>
                <Button onClick={() => void query.refetch()}>Try again</Button>
              </ErrorNote>
            </div>
          )}
          {query.data && <Sections settings={query.data} />}
        </div>
      </div>
    </>
  );
}

function Sections({ settings }: { settings: Settings }) {
  return (
    <>
      <Section title="Provider" text="Who answers, and the key that pays for it.">
        <KeySetting settings={settings} />
      </Section>
      <Section
        title="All providers"
        text="A providers file adds any server that speaks OpenAI’s dialect, such as Ollama or vLLM."
      >
        <ProviderList />
      </Section>
      <Section
        title="Answers"
        text="Where neither the chat nor its profile says otherwise. Saved as you leave a field."
      >
        <ModelSetting stored={settings.model} />
        <div className="grid gap-x-5 gap-y-3 sm:grid-cols-2">
          <TypedSetting
            label="Temperature"
            hint="0 to 2. Lower is more predictable."
            inputMode="decimal"
            stored={String(settings.temperature)}
            problemOf={(text) => numberProblem(text, RANGES.temperature)}
            patchOf={(text) => ({ temperature: Number(text) })}
          />
          <TypedSetting
            label="Max tokens"
            hint="1 to 1,000,000 per answer."
            inputMode="numeric"
            stored={String(settings.max_tokens)}
            problemOf={(text) => numberProblem(text, RANGES.max_tokens)}
            patchOf={(text) => ({ max_tokens: Number(text) })}
          />
        </div>
        <TypedSetting
          label="System prompt"
          hint="Sent before every conversation whose profile has none of its own. Empty sends none."
          multiline
          stored={settings.system_prompt}
          problemOf={systemPromptProblem}
          patchOf={(system_prompt) => ({ system_prompt })}
        />
      </Section>
      <Section
        title="Money"
        text="What calls may cost is set by budgets, on the page of the usage."
      >
        <MoneySettings settings={settings} />
      </Section>
      <Section title="This page" text="The same in every browser that opens this console.">
        <ChoiceSetting
          label="Theme"
          hint="System follows your device."
          options={[
            { value: "system", label: "System" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          stored={settings.theme}
          patchOf={(theme) => ({ theme })}
        />
        <ChoiceSetting
          label="Send with"
          hint={
            settings.send_key === "enter"
              ? "Shift+Enter makes a new line."
              : "Enter makes a new line."
          }
          options={[
            { value: "enter", label: "Enter" },
            { value: "mod_enter", label: "Ctrl or ⌘ + Enter" },
          ]}
          stored={settings.send_key}
          patchOf={(send_key) => ({ send_key })}
        />
      </Section>
      <Section
        title="Access tokens"
        text="For programs: each has its own rights, a budget if you like, and can be shut out again."
      >
        <AccessTokens />
      </Section>
      <Section title="About" text={settings.app_title}>
        <About base_url={settings.base_url} />
      </Section>
    </>
  );
}

function Section({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-10 gap-y-4 border-t border-line py-8 first:border-t-0 md:grid-cols-[14rem_minmax(0,1fr)]"
    >
      <div>
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        <p className="mt-1 text-sm text-balance text-ink-2">{text}</p>
      </div>
      <div className="flex min-w-0 flex-col gap-4">{children}</div>
    </section>
  );
}
