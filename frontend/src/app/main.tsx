import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Live, LiveContext } from "@/lib/stream/live";
import { adoptTokenFromFragment } from "@/lib/token";
import { syncQueries } from "./live-sync";
import { createQueryClient } from "./query-client";
import { router } from "./router";
import "./styles.css";
import { Toasts } from "./toasts";
import { TokenGate } from "./token-gate";

adoptTokenFromFragment();

const queryClient = createQueryClient();
const live = new Live(syncQueries(queryClient));
live.start();

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root.");

createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <LiveContext value={live}>
          <TokenGate>
            <RouterProvider router={router} />
          </TokenGate>
          <Toasts />
        </LiveContext>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
