/** How long the bar is, beside the longest one. */
export function ShareBar({ share }: { share: number }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 100 1"
      preserveAspectRatio="none"
      className="mt-1 h-1 w-full rounded-full"
    >
      <rect width="100" height="1" className="fill-hover" />
      <rect width={share * 100} height="1" className="fill-chart-1" />
    </svg>
  );
}
