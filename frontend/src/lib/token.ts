const STORAGE_KEY = "console.token";
const FRAGMENT = /^#token=([^&]+)/;

/** The token that the console's start line handed over, or null where none is needed. */
export function readToken(): string | null {
  return localStorage.getItem(STORAGE_KEY);
}

export function storeToken(token: string): void {
  localStorage.setItem(STORAGE_KEY, token.trim());
}

/** Moves `#token=…` out of the address into storage, so that it is neither shared nor bookmarked. */
export function adoptTokenFromFragment(
  location: Pick<Location, "hash" | "pathname" | "search"> = window.location,
  history: Pick<History, "replaceState" | "state"> = window.history,
): void {
  const match = FRAGMENT.exec(location.hash);
  if (!match?.[1]) return;
  storeToken(decodeURIComponent(match[1]));
  history.replaceState(history.state, "", location.pathname + location.search);
}
