import { Toast } from "@base-ui/react/toast";
import { create } from "zustand";
import { randomId } from "@/lib/ids";

export const manager = Toast.createToastManager();

type Options = Parameters<typeof manager.add>[0];

/** Whether there was ever a toast; what shows them is loaded then. */
export const useToasts = create<{ wanted: boolean }>()(() => ({ wanted: false }));

/** What was said before anything could show it; null while something does. */
let waiting: Options[] | null = [];

/** Short news at the edge of the screen, with at most one action. `toast-viewport` shows them. */
export const toasts = {
  /** Answers the id that `close` takes. */
  add(options: Options): string {
    const id = randomId();
    const toast = { ...options, id };
    if (waiting === null) return manager.add(toast);
    waiting.push(toast);
    useToasts.setState({ wanted: true });
    return id;
  },
  close(id: string): void {
    manager.close(id);
  },
};

/** Called by what shows the toasts, once it does; the returned function says that it stops. */
export function showToasts(): () => void {
  for (const toast of waiting ?? []) manager.add(toast);
  waiting = null;
  return () => {
    waiting = [];
  };
}
