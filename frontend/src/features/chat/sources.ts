import type { AnnotationPart } from "@/client/api";
import { safeLink } from "@/lib/markdown/url-policy";

export interface Source {
  href: string;
  host: string;
  title: string;
}

/** The pages that an answer cites, each once, in the order they were cited. What is no link is passed over. */
export function sourcesOf(annotations: readonly AnnotationPart[]): Source[] {
  const sources = new Map<string, Source>();
  for (const { annotation } of annotations) {
    const citation = annotation.url_citation as { url?: unknown; title?: unknown } | undefined;
    const link = typeof citation?.url === "string" ? safeLink(citation.url) : null;
    if (!link || sources.has(link.href)) continue;
    const title = typeof citation?.title === "string" ? citation.title.trim() : "";
    sources.set(link.href, { ...link, title: title || link.host });
  }
  return [...sources.values()];
}
