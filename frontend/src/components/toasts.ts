import { Toast } from "@base-ui/react/toast";

/** Short news at the edge of the screen, with at most one action. `toast-viewport` shows them. */
export const toasts = Toast.createToastManager();
