import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

/** The key of the mutations that save a choice. */
export const SAVE_THEME = ["save-theme"];

const STORAGE_KEY = "console.theme";

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export const useTheme = create<{ theme: Theme }>()(() => ({ theme: storedTheme() }));

/** Applies the theme and keeps it where `theme-boot.js` finds it before the next first paint. */
export function setTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") {
    delete root.dataset.theme;
    localStorage.removeItem(STORAGE_KEY);
  } else {
    root.dataset.theme = theme;
    localStorage.setItem(STORAGE_KEY, theme);
  }
  useTheme.setState({ theme });
}
