import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Moon, Sun } from "lucide-react";
import type { Settings } from "@/client/api";
import { request } from "@/client/http";
import { keys } from "@/client/queries";
import { IconButton } from "@/components/icon-button";
import { SAVE_THEME, type Theme, setTheme, useTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeSwitch() {
  const theme = useTheme((state) => state.theme);
  const client = useQueryClient();
  const save = useMutation({
    mutationKey: SAVE_THEME,
    scope: { id: "theme" },
    mutationFn: (chosen: Theme) =>
      request<Settings>("PATCH", "/api/settings", { body: { theme: chosen } }),
    onMutate: setTheme,
    onSuccess: async (settings) => {
      // What was asked before this was saved may know an older choice.
      await client.cancelQueries({ queryKey: keys.settings });
      client.setQueryData(keys.settings, settings);
    },
  });
  const Icon = ICONS[theme];
  return (
    <IconButton label={`Theme: ${theme}`} onClick={() => save.mutate(NEXT[theme])}>
      <Icon aria-hidden />
    </IconButton>
  );
}
