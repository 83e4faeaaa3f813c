import type { Page, Profile, ProfileBody } from "./api";
import { request } from "./http";

export function createProfile(body: ProfileBody): Promise<Profile> {
  return request<Profile>("POST", "/api/profiles", { body });
}

/** Replaces the profile that was seen; throws `ApiError` `stale` when it is another one by now. */
export function replaceProfile(seen: Profile, body: ProfileBody): Promise<Profile> {
  return request<Profile>("PUT", `/api/profiles/${seen.id}`, {
    body: { ...body, revision: seen.revision },
  });
}

export function deleteProfile(id: number): Promise<void> {
  return request<void>("DELETE", `/api/profiles/${id}`);
}

/** Adds the profiles of a JSON file. None of them becomes the default. */
export async function importProfiles(file: File): Promise<Profile[]> {
  const body = new FormData();
  body.append("file", file);
  return (await request<Page<Profile>>("POST", "/api/profiles/import", { body })).items;
}
