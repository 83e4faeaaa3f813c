import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Change } from "@/lib/stream/frames";
import { syncQueries } from "./live-sync";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("fetches sums once for a burst of calls, and not as often as what they are the sums of", async () => {
  const client = new QueryClient();
  const counts = { usage: 0, budgets: 0, messages: 0 };
  const observers = [
    watch(["usage", "summary"], "usage"),
    watch(["budgets"], "budgets"),
    watch(["messages", "s1"], "messages"),
  ];
  await vi.advanceTimersByTimeAsync(0);
  expect(counts).toEqual({ usage: 1, budgets: 1, messages: 1 });
  const { onChanged } = syncQueries(client);
  for (let call = 0; call < 5; call += 1) {
    onChanged({ kind: "generation", id: `g${call}`, session_id: "s1", op: "put" } as Change);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(counts).toEqual({ usage: 1, budgets: 1, messages: 6 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(counts).toEqual({ usage: 2, budgets: 2, messages: 6 });
  for (const stop of observers) stop();
  client.clear();

  function watch(queryKey: string[], name: keyof typeof counts): () => void {
    const queryFn = (): number => (counts[name] += 1);
    return new QueryObserver(client, { queryKey, queryFn }).subscribe(() => {});
  }
});
