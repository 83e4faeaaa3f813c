import { useIsMutating, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { settingsQuery } from "@/client/queries";
import { SAVE_THEME, setTheme } from "./theme";

/** The server keeps the choice of theme; this browser only caches it for the first paint. A new choice goes first. */
export function useServerTheme(): void {
  const theme = useQuery(settingsQuery).data?.theme;
  const isSaving = useIsMutating({ mutationKey: SAVE_THEME }) > 0;
  useEffect(() => {
    if (theme && !isSaving) setTheme(theme);
  }, [theme, isSaving]);
}
