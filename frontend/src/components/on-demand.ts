import { type KeyboardEvent, useState } from "react";

/**
 * For what opens on a press. Its code is asked for once a pointer or the keyboard comes near, so that it is there by
 * the press; until then a plain control stands in its place, and whoever never opens it never loads it.
 */
export function useOnDemand(load: () => Promise<unknown>, opens: "listbox" | "menu") {
  const [isOpened, setOpened] = useState(false);
  const prepare = (): void => {
    // What fails here is told when it is really needed.
    load().catch(() => {});
  };
  const open = (): void => setOpened(true);
  return {
    /** Whether it was pressed: from then on the real control is shown, open at first. */
    isOpened,
    prepare,
    standIn: {
      type: "button",
      role: opens === "listbox" ? "combobox" : undefined,
      "aria-haspopup": opens,
      "aria-expanded": false,
      onPointerEnter: prepare,
      onPointerDown: prepare,
      onFocus: prepare,
      onClick: open,
      onKeyDown: (event: KeyboardEvent): void => {
        if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
        event.preventDefault();
        open();
      },
    },
  } as const;
}
