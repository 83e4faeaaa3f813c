/** Plain words, each numbered: a lost, doubled or swapped one shows at once. Markdown leaves them as they are. */
export function words(count: number): string {
  return Array.from({ length: count }, (_, index) => `word${index}`).join(" ");
}
