import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { type BackupStep, createBackup } from "@/client/backups";
import { keys } from "@/client/queries";
import { announce } from "@/lib/announcer";

type Making =
  | { state: "idle" }
  | { state: "running"; step: BackupStep | null }
  | { state: "failed"; error: Error };

/** The backup that this page is making. It goes on while another screen is shown. */
export const useMaking = create<Making>()(() => ({ state: "idle" }));

export async function makeBackup(client: QueryClient): Promise<void> {
  if (useMaking.getState().state === "running") return;
  const put = (making: Making): void => useMaking.setState(making, true);
  put({ state: "running", step: null });
  try {
    await createBackup((step) => put({ state: "running", step }));
    await client.invalidateQueries({ queryKey: keys.backups });
    put({ state: "idle" });
    announce("Backup made");
  } catch (error) {
    put({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
  }
}
