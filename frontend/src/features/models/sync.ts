import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { type SyncStep, syncModels } from "@/client/models";
import { keys } from "@/client/queries";
import { announce } from "@/lib/announcer";
import { plural } from "@/lib/format";

type Sync =
  | { state: "idle" }
  | { state: "running"; step: SyncStep | null }
  | { state: "done"; models: number }
  | { state: "failed"; error: Error };

/** The sync under way, or how the last one of this page ended. It goes on while another screen is shown. */
export const useSync = create<Sync>()(() => ({ state: "idle" }));

export async function startSync(client: QueryClient): Promise<void> {
  if (useSync.getState().state === "running") return;
  const put = (sync: Sync): void => useSync.setState(sync, true);
  put({ state: "running", step: null });
  try {
    const models = await syncModels((step) => put({ state: "running", step }));
    await client.invalidateQueries({ queryKey: keys.models });
    put({ state: "done", models });
    announce(`Synced ${plural(models, "model")}`);
  } catch (error) {
    put({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
  }
}
