import { useEffect, useState } from "react";

/** Whole seconds until a time of this machine's clock, 0 once it has passed; counts down by itself. */
export function useCountdown(until_ms: number): number {
  const [now_ms, setNow] = useState(() => Date.now());
  const left_s = Math.max(0, Math.ceil((until_ms - now_ms) / 1000));
  const over = left_s === 0;
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [over]);
  return left_s;
}
