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

export type Query = Record<
  string,
  string | number | boolean | readonly string[] | null | undefined
>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface RequestOptions {
  query?: Query;
  /** Sent as JSON, but a form as a form. */
  body?: unknown;
  /** The media type asked for, where the path answers in more than one. */
  accept?: string;
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
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const response = await respond(method, path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json().catch(() => null)) as T;
}

/** The same call, answered by its response, for a body that is read as it comes. Throws the same. */
export async function respond(
  method: Method,
  path: string,
  { query, body, accept, signal, keepalive }: RequestOptions = {},
): Promise<Response> {
  const isJson = body !== undefined && !(body instanceof FormData);
  const response = await send(apiUrl(path, query), {
    method,
    headers: {
      ...authorization(),
      ...(accept === undefined ? {} : { Accept: accept }),
      ...(isJson ? { "Content-Type": "application/json" } : {}),
    },
    ...(keepalive ? { keepalive } : {}),
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as FormData) }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) {
    throw new ApiError(response.status, await response.json().catch(() => null));
  }
  return response;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new UnreachableError("The console does not answer.", { cause: error });
  }
}
