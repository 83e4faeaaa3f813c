import type { Effort, Parameters, Profile, ProfileBody } from "@/client/api";
import { type NumberParameter, RANGES, characters, systemPromptProblem } from "@/lib/parameters";
import { numberProblem } from "@/lib/number-range";
import { formatStop, parseStop, stopProblem } from "./stop-sequences";
import { formatTools, parseTools, toolsProblem } from "./tools-text";

/** Parameters that may be left empty, which leaves them to the model. */
export const SAMPLING = [
  "top_p",
  "top_k",
  "min_p",
  "top_a",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "seed",
] as const satisfies readonly NumberParameter[];

export type SamplingName = (typeof SAMPLING)[number];

/** A profile as its form holds it: numbers as they are typed, empty for what is left to the model. */
export type ProfileDraft = Record<SamplingName, string> & {
  name: string;
  system_prompt: string;
  model: string | null;
  temperature: string;
  max_tokens: string;
  effort: Effort | null;
  openrouter_preset: string;
  is_default: boolean;
  stop: string;
  /** A JSON list, as it is typed. */
  tools: string;
  kept: Kept;
};

/** What the form has no field for and gives back as it was. */
type Kept = Pick<ProfileBody, "params" | "reasoning">;

export type DraftField = Exclude<keyof ProfileDraft, "kept">;
export type Problems = Partial<Record<DraftField, string | undefined>>;

export const NEW_DRAFT: ProfileDraft = {
  name: "",
  system_prompt: "",
  model: null,
  temperature: "0.7",
  max_tokens: "2048",
  effort: null,
  openrouter_preset: "",
  is_default: false,
  top_p: "",
  top_k: "",
  min_p: "",
  top_a: "",
  frequency_penalty: "",
  presence_penalty: "",
  repetition_penalty: "",
  seed: "",
  stop: "",
  tools: "",
  kept: { params: {}, reasoning: null },
};

const IN_FIELDS = new Set<string>([
  ...SAMPLING,
  "stop",
  "temperature",
  "max_tokens",
  "reasoning_effort",
]);

/** What a profile really sends: a parameter of its own goes before the temperature and limit beside it. */
export function draftOf(profile: Profile): ProfileDraft {
  const params = profile.params as Parameters;
  const effort = (profile.reasoning?.effort ?? params.reasoning_effort ?? null) as Effort | null;
  const draft: ProfileDraft = {
    ...NEW_DRAFT,
    name: profile.name,
    system_prompt: profile.system_prompt,
    model: profile.model,
    temperature: String(params.temperature ?? profile.temperature),
    max_tokens: String(params.max_tokens ?? profile.max_tokens),
    effort,
    openrouter_preset: profile.openrouter_preset ?? "",
    is_default: profile.is_default,
    stop: formatStop([params.stop ?? []].flat()),
    tools: formatTools(profile.tools),
    kept: keptOf(profile, params),
  };
  for (const name of SAMPLING) draft[name] = String(params[name] ?? "");
  return draft;
}

/** What the API stores for a draft without problems. */
export function bodyOf(draft: ProfileDraft): ProfileBody {
  const params: Parameters = { ...draft.kept.params };
  for (const name of SAMPLING) if (draft[name].trim()) params[name] = Number(draft[name]);
  const stop = parseStop(draft.stop);
  if (stop.length > 0) params.stop = stop;
  return {
    name: draft.name.trim(),
    system_prompt: draft.system_prompt,
    model: draft.model,
    temperature: Number(draft.temperature),
    max_tokens: Number(draft.max_tokens),
    reasoning: reasoningOf(draft),
    openrouter_preset: draft.openrouter_preset.trim() || null,
    params,
    tools: parseTools(draft.tools),
    is_default: draft.is_default,
  };
}

function keptOf(profile: Profile, params: Parameters): Kept {
  const others = Object.entries(params).filter(([name]) => !IN_FIELDS.has(name));
  return {
    params: Object.fromEntries(others),
    reasoning: profile.reasoning as Kept["reasoning"],
  };
}

/** A chosen effort takes the place of a budget or a switch; whatever else is said of reasoning stays. */
function reasoningOf(draft: ProfileDraft): ProfileBody["reasoning"] {
  const { effort: _, ...kept } = draft.kept.reasoning ?? {};
  if (draft.effort === null) return Object.keys(kept).length > 0 ? kept : null;
  const { max_tokens: __, enabled: ___, ...others } = kept;
  return { ...others, effort: draft.effort };
}

const MAX_NAME = 120;
const PRESET = /^[A-Za-z0-9._-]{1,120}$/;

/** What the server would refuse, in words, by field. */
export function problemsOf(draft: ProfileDraft): Problems {
  const preset = draft.openrouter_preset.trim();
  const found: Record<string, string | null> = {
    name: nameProblem(draft.name.trim()),
    system_prompt: systemPromptProblem(draft.system_prompt),
    temperature: numberProblem(draft.temperature, RANGES.temperature),
    max_tokens: numberProblem(draft.max_tokens, RANGES.max_tokens),
    openrouter_preset:
      preset === "" || PRESET.test(preset)
        ? null
        : "Must be letters, digits, dots, dashes and underscores, at most 120.",
    stop: stopProblem(draft.stop),
    tools: toolsProblem(draft.tools),
  };
  for (const name of SAMPLING) {
    found[name] = draft[name].trim() === "" ? null : numberProblem(draft[name], RANGES[name]);
  }
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== null));
}

function nameProblem(name: string): string | null {
  if (name === "") return "A profile needs a name.";
  return characters(name) > MAX_NAME ? "Must be at most 120 characters." : null;
}

/** The field that a path in the body belongs to (`params.stop.0` is `stop`), if the form has one. */
export function fieldOf(path: string): DraftField | null {
  const [first = "", second = ""] = path.split(".");
  const name = first === "params" ? second : first;
  if (name === "reasoning" || name === "reasoning_effort") return "effort";
  return name in NEW_DRAFT && name !== "kept" ? (name as DraftField) : null;
}

export function changedFields(from: ProfileDraft, to: ProfileDraft): DraftField[] {
  return (Object.keys(from) as (keyof ProfileDraft)[]).filter(
    (field): field is DraftField => field !== "kept" && from[field] !== to[field],
  );
}

/** What was changed here, on top of what is stored now. */
export function rebase(
  draft: ProfileDraft,
  base: ProfileDraft,
  current: ProfileDraft,
): ProfileDraft {
  const mine = changedFields(base, draft).map((field) => [field, draft[field]]);
  return { ...current, ...Object.fromEntries(mine) };
}
