import { queryOptions } from "@tanstack/react-query";
import type { AccessToken, AccessTokenBody, AccessTokenMade } from "./api";
import { request } from "./http";
import { everyPage, keys } from "./queries";

/** What programs were given, newest first, revoked ones too; never a secret. */
export const tokensQuery = queryOptions({
  queryKey: keys.tokens,
  queryFn: ({ signal }) => everyPage<AccessToken>("/api/tokens", signal),
});

/** The reply holds the secret, which is told this once. */
export function createToken(body: AccessTokenBody): Promise<AccessTokenMade> {
  return request<AccessTokenMade>("POST", "/api/tokens", { body });
}

export function revokeToken(id: string): Promise<void> {
  return request<void>("DELETE", `/api/tokens/${id}`);
}
