/** Results of tools as they are typed, kept by the browser until the server has them, by the id of their call. */
export type Results = Readonly<Record<string, string>>;

const keyOf = (messageId: string): string => `console.results.${messageId}`;

/** What was typed for the calls that wait below this message. */
export function readResults(messageId: string): Results {
  try {
    return JSON.parse(localStorage.getItem(keyOf(messageId)) ?? "{}") as Results;
  } catch {
    return {};
  }
}

export function keepResults(messageId: string, results: Results): void {
  try {
    localStorage.setItem(keyOf(messageId), JSON.stringify(results));
  } catch {
    // The browser's space is used up; the form still has them.
  }
}

export function forgetResults(messageId: string): void {
  localStorage.removeItem(keyOf(messageId));
}
