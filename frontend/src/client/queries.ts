import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type {
  Compaction,
  Draft,
  Generation,
  Health,
  Message,
  Model,
  ModelFamily,
  Page,
  Profile,
  ProviderInfo,
  Session,
  Settings,
  Status,
} from "./api";
import { type Query, request } from "./http";

export const keys = {
  health: ["health"],
  sessions: ["sessions"],
  session: (id: string) => ["session", id],
  messages: (session_id: string) => ["messages", session_id],
  generation: (id: string) => ["generation", id],
  compactions: (session_id: string) => ["compactions", session_id],
  models: ["models"],
  profiles: ["profiles"],
  settings: ["settings"],
  providers: ["providers"],
  backups: ["backups"],
  tokens: ["tokens"],
  usage: ["usage"],
  budgets: ["budgets"],
} as const;

export const healthQuery = queryOptions({
  queryKey: keys.health,
  queryFn: ({ signal }) => request<Health>("GET", "/api/health", { signal }),
});

export const settingsQuery = queryOptions({
  queryKey: keys.settings,
  queryFn: ({ signal }) => request<Settings>("GET", "/api/settings", { signal }),
});

/** Who can be asked, the main provider first. */
export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: async ({ signal }) =>
    (await request<{ items: ProviderInfo[] }>("GET", "/api/providers", { signal })).items,
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

/** How an answer was made. What its end adds is asked for again when `status` changes. */
export function generationQuery(id: string, status: Status) {
  return queryOptions({
    queryKey: [...keys.generation(id), status],
    queryFn: ({ signal }) => request<Generation>("GET", `/api/generations/${id}`, { signal }),
    staleTime: Infinity,
  });
}

/** The summaries of a session, newest first. */
export function compactionsQuery(session_id: string) {
  return queryOptions({
    queryKey: keys.compactions(session_id),
    queryFn: ({ signal }) =>
      everyPage<Compaction>(`/api/sessions/${session_id}/compactions`, signal),
  });
}

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => everyPage<Model>("/api/models", signal),
  staleTime: 10 * 60_000,
});

/** The authors of the models on offer, and how many each has. */
export const familiesQuery = queryOptions({
  queryKey: [...keys.models, "families"],
  queryFn: async ({ signal }) =>
    (await request<{ items: ModelFamily[] }>("GET", "/api/models/families", { signal })).items,
  staleTime: 10 * 60_000,
});

export const profilesQuery = queryOptions({
  queryKey: keys.profiles,
  queryFn: ({ signal }) => everyPage<Profile>("/api/profiles", signal),
});

export function fetchDraft(session_id: string, signal?: AbortSignal): Promise<Draft> {
  return request<Draft>("GET", `/api/sessions/${session_id}/draft`, signal ? { signal } : {});
}

export async function everyPage<T>(
  path: string,
  signal: AbortSignal,
  query: Query = {},
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await request<Page<T>>("GET", path, {
      signal,
      query: { ...query, limit: 200, cursor },
    });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}
