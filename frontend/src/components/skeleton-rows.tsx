import { useEffect, useState } from "react";

const PATIENCE_MS = 150;

/** Stands for rows that are on their way, once that takes long enough to be noticed. */
export function SkeletonRows({ rows, className }: { rows: number; className: string }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2">
      {shown &&
        Array.from({ length: rows }, (_, row) => (
          <div key={row} className={`animate-pulse rounded-md bg-hover ${className}`} />
        ))}
    </div>
  );
}
