/** The look of a `progress` element. */
export const PROGRESS =
  "block h-1 w-full appearance-none overflow-hidden rounded-full bg-line [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width] indeterminate:animate-pulse indeterminate:bg-accent";
