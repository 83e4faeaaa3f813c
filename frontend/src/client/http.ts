import type { ErrorBody } from "./api";
import { readToken } from "@/lib/token";

/** A refusal of the API: its code, its words and the id that finds it in the server's log. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly details: Record<string, unknown>;

  constructor(status: number, body: unknown) {
    const { error_code, message, request_id, details } = asErrorBody(body);
    super(message ?? `The console answered with status ${status}.`);
    this.status = status;
    this.code = error_code ?? "unknown";
    this.requestId = request_id ?? null;
    this.details = details ?? {};
  }
}

/** No answer at all: the console is not running, or the connection is gone. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** A proxy in between may answer with anything, so no field is taken for granted. */
function asErrorBody(body: unknown): Partial<ErrorBody> {
  return typeof body === "object" && body !== null ? body : {};
}

type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

interface RequestOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** Lets the call outlive the page that made it. */
  keepalive?: boolean;
}

export function apiUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) for (const item of value) params.append(name, item);
    else params.append(name, String(value));
  }
  const search = params.toString();
  return search ? `${path}?${search}` : path;
}

export function authorization(): Record<string, string> {
  const token = readToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * One call of the API. Answers the parsed body, or undefined for 204.
 * Throws `ApiError` for a refusal and `UnreachableError` when nothing answered.
 */
export async function request<T>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  { query, body, signal, keepalive }: RequestOptions = {},
): Promise<T> {
  const response = await send(apiUrl(path, query), {
    method,
    headers: {
      ...authorization(),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(keepalive ? { keepalive } : {}),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.status === 204) return undefined as T;
  const parsed: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, parsed);
  return parsed as T;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new UnreachableError("The console does not answer.", { cause: error });
  }
}
