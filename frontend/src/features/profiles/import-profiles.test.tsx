import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { Profile } from "@/client/api";
import ToastViewport from "@/components/toast-viewport";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedProfile } from "@/testing/stored";
import { ImportProfiles } from "./import-profiles";

let api: FakeApi;
let stored: Profile[];

beforeEach(() => {
  stored = [];
  api = new FakeApi().on("GET /api/profiles", () => ({ items: stored, next_cursor: null }));
});

const show = () =>
  renderInApp(
    <>
      <ImportProfiles />
      <ToastViewport />
    </>,
  );

it("imports a file and opens what was in it", async () => {
  api.on("POST /api/profiles/import", () => {
    stored = [...stored, storedProfile({ id: 9, name: "Imported" })];
    return { items: stored.slice(-1), next_cursor: null };
  });
  const { router } = await show();
  const file = new File(["{}"], "profiles.json", { type: "application/json" });
  await userEvent.upload(screen.getByLabelText("JSON file with profiles"), file);
  await waitFor(() => expect(router.state.location.search).toEqual({ profile: 9 }));
  const [call] = api.callsTo("POST /api/profiles/import");
  expect(call?.body).toBeInstanceOf(FormData);
  expect(Object.fromEntries(call?.body as FormData)).toMatchObject({
    file: { name: "profiles.json" },
  });
});

it("says what in a file is wrong", async () => {
  api.on(
    "POST /api/profiles/import",
    () =>
      new Refusal(422, "validation_failed", "The file holds no profiles.", { reason: "not JSON" }),
  );
  await show();
  const file = new File(["x"], "profiles.json", { type: "application/json" });
  await userEvent.upload(screen.getByLabelText("JSON file with profiles"), file);
  expect(await screen.findAllByText("The file holds no profiles. (not JSON)")).not.toHaveLength(0);
});
