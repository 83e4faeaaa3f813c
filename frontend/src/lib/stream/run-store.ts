import { create } from "zustand";
import type { ContextUse, Message, RetryData } from "@/client/api";
import { FlushScheduler } from "./flush-scheduler";
import { type AnswerView, fold, isTerminal, viewOfMessage } from "./fold";
import type { Frame } from "./frames";

/** An answer that is being written, as this tab sees it. */
export interface Run {
  session_id: string;
  view: AnswerView;
  /** When reasoning began to arrive in this tab; null before, and for what was stored before it looked. */
  reasoning_started_ms: number | null;
  /** How long it took, once something else followed. */
  reasoning_ms: number | null;
  /** The provider failed before the first word and is about to be asked again. */
  retry: RetryData | null;
  /** How the conversation was cut to fit; null while nothing of it was. */
  context: ContextUse | null;
}

interface RunState {
  runs: Readonly<Record<string, Run>>;
}

/** Only the message that shows a run subscribes to it. */
export const useRuns = create<RunState>()(() => ({ runs: {} }));

let arrived: Frame[] = [];

/**
 * Frames whose message this tab does not have yet, by generation. Frames say what is new; what a message
 * began with (the old text of a continued answer) only the message says, so they wait for it.
 */
const waiting = new Map<string, Frame[]>();

const scheduler = new FlushScheduler(() => {
  if (arrived.length === 0) return;
  const frames = arrived;
  arrived = [];
  const { runs } = useRuns.getState();
  const next: Record<string, Run> = { ...runs };
  for (const frame of frames) {
    const run = next[frame.generation_id];
    if (run) next[frame.generation_id] = advance(run, frame, Date.now());
    else keepWaiting(frame);
  }
  useRuns.setState({ runs: next });
});

/** Takes a frame from the live channel. It shows with the next flush, the end of an answer at once. */
export function receiveFrame(frame: Frame): void {
  arrived.push(frame);
  if (frame.event === "done") scheduler.flush();
  else scheduler.request();
}

/**
 * Takes a message as the server stored it: a running one becomes the ground that later frames build on,
 * a finished one ends what this tab held of it.
 */
export function seedRun(message: Message): void {
  const id = message.generation_id;
  if (id === null) return;
  const { runs } = useRuns.getState();
  const known = runs[id];
  if (isTerminal(message.status)) {
    waiting.delete(id);
    if (known) useRuns.setState({ runs: without(runs, id) });
    return;
  }
  if (known && known.view.last_seq >= message.last_seq) return;
  const ground: Run = {
    session_id: message.session_id,
    reasoning_started_ms: known?.reasoning_started_ms ?? null,
    reasoning_ms: known?.reasoning_ms ?? null,
    retry: known?.retry ?? null,
    context: known?.context ?? null,
    view: viewOfMessage(message),
  };
  const frames = waiting.get(id) ?? [];
  waiting.delete(id);
  const run = frames.reduce((folded, frame) => advance(folded, frame, Date.now()), ground);
  useRuns.setState({ runs: { ...runs, [id]: run } });
}

/** Drops all that this tab holds: the server's store is another one. */
export function forgetRuns(): void {
  arrived = [];
  waiting.clear();
  useRuns.setState({ runs: {} });
}

/** Cursors of the session's unfinished answers, `generation:seq`. */
export function cursorsOf(session_id: string): string[] {
  scheduler.flush();
  return Object.entries(useRuns.getState().runs)
    .filter(([, run]) => run.session_id === session_id)
    .filter(([, { view }]) => view.last_seq > 0 && !isTerminal(view.status))
    .map(([id, { view }]) => `${id}:${view.last_seq}`);
}

export function useRun(generation_id: string | null): Run | undefined {
  return useRuns((state) => (generation_id === null ? undefined : state.runs[generation_id]));
}

function keepWaiting(frame: Frame): void {
  const frames = waiting.get(frame.generation_id);
  if (frames) frames.push(frame);
  else waiting.set(frame.generation_id, [frame]);
}

function advance(run: Run, frame: Frame, now_ms: number): Run {
  const view = fold(run.view, frame);
  if (view === run.view) return run;
  const next = { ...run, view };
  if (frame.event === "context") return { ...next, context: frame.data };
  if (frame.event === "retry") next.retry = frame.data;
  else if (frame.event !== "start" && frame.event !== "unknown") next.retry = null;
  if (frame.event === "reasoning") next.reasoning_started_ms ??= now_ms;
  else if (run.reasoning_started_ms !== null && frame.event !== "unknown") {
    next.reasoning_ms ??= now_ms - run.reasoning_started_ms;
  }
  return next;
}

function without(runs: Readonly<Record<string, Run>>, id: string): Readonly<Record<string, Run>> {
  return Object.fromEntries(Object.entries(runs).filter(([key]) => key !== id));
}
