import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import { manager, showToasts } from "./toasts";

const SHOWN_MS = 6000;

export default function ToastViewport() {
  // Runs after the provider below has begun to listen.
  useEffect(showToasts, []);
  return (
    <Toast.Provider toastManager={manager} timeout={SHOWN_MS}>
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 top-24 z-50 flex flex-col gap-2 sm:left-auto sm:w-88">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-lg border border-line bg-raised text-sm shadow-pop transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-center gap-2 py-2 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <Toast.Title className="truncate font-medium" />
          <Toast.Description className="text-ink-2" />
        </div>
        <Toast.Action className="min-h-8 rounded-md px-2 font-medium text-accent hover:bg-hover" />
        <Toast.Close
          aria-label="Dismiss"
          className="inline-flex size-8 items-center justify-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
