import { create } from "zustand";

/** Whether the console refused a call for want of its token. */
export const useTokenGate = create<{ required: boolean }>()(() => ({ required: false }));

export function requireToken(): void {
  useTokenGate.setState({ required: true });
}
