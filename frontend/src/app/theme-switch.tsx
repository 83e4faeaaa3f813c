import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Moon, Sun } from "lucide-react";
import type { Settings } from "@/client/api";
import { request } from "@/client/http";
import { keys } from "@/client/queries";
import { IconButton } from "@/components/icon-button";
import { type Theme, setTheme, useTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeSwitch() {
  const theme = useTheme((state) => state.theme);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (chosen: Theme) =>
      request<Settings>("PATCH", "/api/settings", { body: { theme: chosen } }),
    onMutate: setTheme,
    onSuccess: (settings) => client.setQueryData(keys.settings, settings),
  });
  const Icon = ICONS[theme];
  return (
    <IconButton label={`Theme: ${theme}`} onClick={() => save.mutate(NEXT[theme])}>
      <Icon aria-hidden />
    </IconButton>
  );
}
