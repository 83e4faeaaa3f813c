import { create } from "zustand";

/** What screen readers are told politely. The number makes the same words count as news again. */
export const useAnnouncement = create<{ text: string; number: number }>()(() => ({
  text: "",
  number: 0,
}));

export function announce(text: string): void {
  useAnnouncement.setState(({ number }) => ({ text, number: number + 1 }));
}
