import { createContext } from "react";
import type { ToolCalls } from "./tool-calls";

/** The calls and results of the path on screen. */
export const ToolCallsContext = createContext<ToolCalls>({
  names: new Map(),
  given: new Set(),
  open: [],
  openAnswerId: null,
});
