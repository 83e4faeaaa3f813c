/** A seeded generator (mulberry32), so that a failing case can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Cuts into pieces of 1 to `longest` items. */
export function randomPieces<T extends { length: number; slice(from: number, to: number): T }>(
  whole: T,
  longest: number,
  random: () => number,
): T[] {
  const pieces: T[] = [];
  for (let from = 0; from < whole.length;) {
    const to = from + 1 + Math.floor(random() * longest);
    pieces.push(whole.slice(from, to));
    from = to;
  }
  return pieces;
}
