import type { Effort } from "@/client/api";
import { UNKNOWN } from "@/lib/format";
import type { DraftField, ProfileDraft, SamplingName } from "./profile-draft";

export const LABELS: Readonly<Record<DraftField, string>> = {
  name: "Name",
  system_prompt: "System prompt",
  model: "Model",
  temperature: "Temperature",
  max_tokens: "Max tokens",
  effort: "Reasoning effort",
  openrouter_preset: "OpenRouter preset",
  is_default: "Default profile",
  top_p: "Top P",
  top_k: "Top K",
  min_p: "Min P",
  top_a: "Top A",
  frequency_penalty: "Frequency penalty",
  presence_penalty: "Presence penalty",
  repetition_penalty: "Repetition penalty",
  seed: "Seed",
  stop: "Stop sequences",
  tools: "Tools",
};

export const SAMPLING_HINTS: Readonly<Record<SamplingName, string>> = {
  top_p: "Above 0, at most 1. Only the likeliest tokens that add up to this.",
  top_k: "0 to 1,000,000. Only this many of the likeliest tokens; 0 is all.",
  min_p: "0 to 1. Only tokens at least this likely beside the likeliest.",
  top_a: "0 to 1. As Min P, but by the square of the likeliest.",
  frequency_penalty: "−2 to 2. Against tokens by how often they have come.",
  presence_penalty: "−2 to 2. Against tokens that have come at all.",
  repetition_penalty: "Above 0, at most 2. Above 1 repeats less.",
  seed: "A whole number. The same one gives the same answer, where a model can.",
};

export const EFFORTS: readonly { value: Effort | null; label: string }[] = [
  { value: null, label: "Left to the model" },
  { value: "none", label: "None" },
  { value: "minimal", label: "Minimal" },
  { value: "low", label: "Low" },
  { value: "medium", label: "Medium" },
  { value: "high", label: "High" },
  { value: "xhigh", label: "Very high" },
  { value: "max", label: "Maximum" },
];

const SHOWN = 120;

/** A field's value in a few words. */
export function spellValue(field: DraftField, draft: ProfileDraft): string {
  const value = draft[field];
  if (typeof value === "boolean") return value ? "on" : "off";
  if (field === "effort") return EFFORTS.find((effort) => effort.value === value)?.label ?? UNKNOWN;
  if (value === null || value === "") return "empty";
  return value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
}
