import { useEffect, useState } from "react";

/** The value as it was once it has stayed the same for so long; what it was first, at once. */
export function useSettled<T>(value: T, after_ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), after_ms);
    return () => clearTimeout(timer);
  }, [value, after_ms]);
  return settled;
}
