import { type ReactNode, createContext } from "react";

/** The controls of the shell that belong at the left of a screen's header. */
export const ShellContext = createContext<ReactNode>(null);
