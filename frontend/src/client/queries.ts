import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Draft, Health, Message, Model, Page, Profile, Session, Settings } from "./api";
import { request } from "./http";

export const keys = {
  health: ["health"],
  sessions: ["sessions"],
  session: (id: string) => ["session", id],
  messages: (session_id: string) => ["messages", session_id],
  models: ["models"],
  profiles: ["profiles"],
  settings: ["settings"],
} as const;

export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: ({ signal }) => request<Health>("GET", "/api/health", { signal }),
});

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: ({ signal }) => request<Settings>("GET", "/api/settings", { signal }),
});

export function sessionsQuery(text: string) {
  return infiniteQueryOptions({
    queryKey: [...keys.sessions, text],
    queryFn: ({ signal, pageParam }) =>
      request<Page<Session>>("GET", "/api/sessions", {
        signal,
        query: { limit: 100, cursor: pageParam, text: text || null },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function sessionQuery(id: string) {
  return queryOptions({
    queryKey: keys.session(id),
    queryFn: ({ signal }) => request<Session>("GET", `/api/sessions/${id}`, { signal }),
  });
}

/** The active path, newest page first; each page is in ascending order. */
export function messagesQuery(session_id: string) {
  return infiniteQueryOptions({
    queryKey: keys.messages(session_id),
    queryFn: ({ signal, pageParam }) =>
      request<Page<Message>>("GET", `/api/sessions/${session_id}/messages`, {
        signal,
        query: { limit: 60, cursor: pageParam },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => everyPage<Model>("/api/models", signal),
  staleTime: 10 * 60_000,
});

export const profilesQuery = queryOptions({
  queryKey: keys.profiles,
  queryFn: ({ signal }) => everyPage<Profile>("/api/profiles", signal),
});

export function fetchDraft(session_id: string, signal?: AbortSignal): Promise<Draft> {
  return request<Draft>("GET", `/api/sessions/${session_id}/draft`, signal ? { signal } : {});
}

async function everyPage<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await request<Page<T>>("GET", path, {
      signal,
      query: { limit: 200, cursor },
    });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}
