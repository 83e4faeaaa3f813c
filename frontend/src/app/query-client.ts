import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/client/http";
import { requireToken } from "./token-gate-store";

const MAX_RETRIES = 2;

/** The console is reached by loopback or a local network: what the browser says of the internet tells nothing of it. */
const networkMode = "always";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: askForToken }),
    defaultOptions: {
      queries: {
        networkMode,
        // The live channel says what changed, so nothing has to be asked again by the clock.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => !(error instanceof ApiError) && failures < MAX_RETRIES,
      },
      mutations: { networkMode, onError: askForToken },
    },
  });
}

function askForToken(error: Error): void {
  if (error instanceof ApiError && error.status === 401) requireToken();
}
