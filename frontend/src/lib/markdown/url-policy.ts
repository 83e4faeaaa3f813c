const ALLOWED_PROTOCOLS = new Set(["http:", "https:", "mailto:"]);

export interface SafeLink {
  href: string;
  /** Where the link leads, to be shown beside it: a host, or the address of a mailto link. */
  host: string;
}

/** The link if a page may follow it. Relative ones are refused: in an answer they would point into the console. */
export function safeLink(href: string): SafeLink | null {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (!ALLOWED_PROTOCOLS.has(url.protocol)) return null;
  const host = url.protocol === "mailto:" ? url.pathname : url.host;
  return host ? { href: url.href, host } : null;
}
