import type { components } from "./schema";

/** The shapes that the page reads and writes, by the names it uses; `schema.d.ts` is generated. */
type Schemas = components["schemas"];

/** The document calls a field with a default optional; a reply always has it. */
type Reply<T> = Required<T>;

export type Part = Schemas["Message"]["parts"][number];
/** What a message may carry beside text. */
export type Media = Extract<Part, { type: "image" | "file" | "audio" | "video" }>;
export type ImagePart = Extract<Part, { type: "image" }>;
export type AnnotationPart = Extract<Part, { type: "annotation" }>;
export type Status = Schemas["Message"]["status"];
/** `cost_usd` is null when it is not known, and `cost_state` says why. */
export type Usage = Reply<Schemas["UsageFigures"]>;
export type StreamError = Reply<Schemas["StoredError"]>;
export type Message = Omit<Schemas["Message"], "usage" | "error"> & {
  usage: Usage | null;
  error: StreamError | null;
};
export type Session = Schemas["Session"];
export type Generation = Schemas["Generation"];
/** How a conversation was fitted to its model. */
export type ContextUse = Schemas["ContextUse"];
/** A summary that is sent in place of older messages. */
export type Compaction = Schemas["Compaction"];
export type Profile = Schemas["Profile"];
/** What of a profile its owner decides. */
export type ProfileBody = Required<Schemas["ProfileCreate"]>;
export type Parameters = Schemas["Parameters"];
export type Effort = NonNullable<Parameters["reasoning_effort"]>;
/** Prices are US dollars per 1,000,000 tokens. */
export type Model = Schemas["Model"];
export type ModelDetail = Schemas["ModelDetail"];
export type Endpoint = Schemas["Endpoint"];
export type ModelFamily = Schemas["ModelFamily"];
export type ProviderInfo = Schemas["ProviderInfo"];
export type Health = Schemas["Health"];
export type Settings = Schemas["AppSettings"];
export type KeyStatus = Schemas["KeyStatus"];
export type SettingsPatch = Schemas["SettingsPatch"];
export type Draft = Schemas["Draft"];
/** What starting an answer made. */
export type Turn = Omit<Schemas["Started"], "user_message" | "assistant_message"> & {
  user_message: Message;
  assistant_message: Message;
};
export type NewTurn = Schemas["GenerationCreate"];
/** A whole copy of the store. What was never noted of it is null. */
export type Backup = Reply<Schemas["Backup"]>;
/** When backups make themselves, and how many of them stay. */
export type BackupSchedule = Schemas["BackupSchedule"];
/** What restoring did, or would do; `diff` counts rows by table. */
export type RestoreSummary = Schemas["RestoreSummary"];
/** Lets a browser download what else needs the token. */
export type Ticket = Schemas["Ticket"];
/** What a program was given in place of the owner's token. */
export type AccessToken = Schemas["AccessToken"];
export type AccessTokenMade = Schemas["AccessTokenMade"];
export type AccessTokenBody = Schemas["AccessTokenCreate"];
export type TokenScope = AccessToken["scopes"][number];
/** Sums of calls. Rows that were entered by hand are in `manual_cost_usd` and in no other figure. */
export type Totals = Schemas["UsageTotals"];
export type UsageSummary = Schemas["UsageSummary"];
export type Timeline = Schemas["UsageTimeline"];
export type Unit = Timeline["unit"];
/** One paid call, or what was entered by hand. */
export type UsageRow = Schemas["UsageRow"];
export type UsageEntry = Schemas["ManualUsage"];
export type Purpose = UsageRow["purpose"];
/** What a session cost since it began. */
export type SessionCost = Schemas["SessionCost"];
export type SessionUsage = Schemas["SessionUsage"];
/** What calls may cost in a period of the owner's. */
export type Budget = Schemas["Budget"];
/** What its owner decides of a budget; the limit as it was typed, because a number would lose digits. */
export type BudgetBody = Required<Schemas["BudgetCreate"]>;
/** What a message that was not sent yet would cost. */
export type Estimate = Schemas["Estimate"];
/** What is left at the provider. */
export type Credits = Schemas["CreditsReport"];
/** Our book against the provider's, by its days and by model. */
export type Drift = Schemas["Drift"];
export type DriftDay = Schemas["DriftDay"];
export type ErrorBody = Schemas["ErrorBody"];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type StartData = Omit<Schemas["Start"], "type">;
export type DoneData = Omit<Schemas["Done"], "type">;
export type RetryData = Required<Omit<Schemas["Retry"], "type">>;
export type ToolCallData = Omit<Schemas["ToolCall"], "type">;
