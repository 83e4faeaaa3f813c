import { Suspense, lazy } from "react";
import { useToasts } from "@/components/toasts";

const ToastViewport = lazy(() => import("@/components/toast-viewport"));

/** Shows toasts, from the first one on: most visits have none. */
export function Toasts() {
  const areWanted = useToasts(({ wanted }) => wanted);
  if (!areWanted) return null;
  return (
    <Suspense>
      <ToastViewport />
    </Suspense>
  );
}
