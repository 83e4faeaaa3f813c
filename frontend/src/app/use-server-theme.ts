import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { settingsQuery } from "@/client/queries";
import { setTheme } from "./theme";

/** The server keeps the choice of theme; this browser only caches it for the first paint. */
export function useServerTheme(): void {
  const theme = useQuery(settingsQuery).data?.theme;
  useEffect(() => {
    if (theme) setTheme(theme);
  }, [theme]);
}
