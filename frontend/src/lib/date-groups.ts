export interface DateGroup<T> {
  label: string;
  items: T[];
}

const DAY_MS = 86_400_000;

/** Newest first, under "Today", "Yesterday", "Past 7 days", "Past 30 days", then one group per month. */
export function groupByDate<T>(
  items: readonly T[],
  timeOf: (item: T) => string,
  now: Date = new Date(),
): DateGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const label = labelOf(new Date(timeOf(item)), now);
    const group = groups.get(label);
    if (group) group.push(item);
    else groups.set(label, [item]);
  }
  return Array.from(groups, ([label, grouped]) => ({ label, items: grouped }));
}

function labelOf(time: Date, now: Date): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "Past 7 days";
  if (days < 30) return "Past 30 days";
  return time.toLocaleDateString(undefined, { month: "long", year: "numeric" });
}

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}
