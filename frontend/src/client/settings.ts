import type { KeyStatus, Settings, SettingsPatch } from "./api";
import { request } from "./http";

/** Outlives the page, so that what was typed last is saved when the page is closed. */
export function patchSettings(patch: SettingsPatch): Promise<Settings> {
  const keepalive = (patch.system_prompt?.length ?? 0) < 15_000;
  return request<Settings>("PATCH", "/api/settings", { body: patch, keepalive });
}

/** The key goes in and never comes out: the answer says where it is kept and how it ends. */
export function putKey(key: string): Promise<KeyStatus> {
  return request<KeyStatus>("PUT", "/api/settings/key", { body: { key } });
}

export function deleteKey(): Promise<KeyStatus> {
  return request<KeyStatus>("DELETE", "/api/settings/key");
}
