import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Profile } from "@/client/api";
import { keys } from "@/client/queries";
import ToastViewport from "@/components/toast-viewport";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedModel, storedProfile } from "@/testing/stored";
import { ProfilesScreen } from "./profiles-screen";

let api: FakeApi;
let stored: Profile[];

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  stored = [
    storedProfile({ id: 1, name: "Reviewer", is_default: true }),
    storedProfile({ id: 2, name: "Poet", temperature: 1.2 }),
  ];
  api = new FakeApi().on("GET /api/profiles", () => ({ items: stored, next_cursor: null }));
});

const show = (at: string) =>
  renderInApp(
    <>
      <ProfilesScreen />
      <ToastViewport />
    </>,
    at,
  );
const field = (name: string) => screen.findByRole("textbox", { name });
const save = () => screen.getByRole("button", { name: "Save" });

async function retype(name: string, text: string): Promise<void> {
  const input = await field(name);
  await userEvent.clear(input);
  await userEvent.type(input, text);
}

it("says what a profile is when there is none, with one thing to do", async () => {
  stored = [];
  const { router } = await show("/app/profiles");
  expect(await screen.findByRole("heading", { name: "No profiles yet" })).toBeVisible();
  await userEvent.click(screen.getByRole("link", { name: "New profile" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ profile: "new" }));
  expect(await field("Name")).toHaveFocus();
});

it("makes a profile, and opens it", async () => {
  api.on("POST /api/profiles", ({ body }) => {
    const made = { ...storedProfile({ id: 3 }), ...(body as Partial<Profile>) };
    stored = [...stored, made];
    return made;
  });
  const { router } = await show("/app/profiles?profile=new");
  await userEvent.type(await field("Name"), " Critic ");
  await userEvent.click(screen.getByRole("button", { name: "Create" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ profile: 3 }));
  expect(api.callsTo("POST /api/profiles").map(({ body }) => body)).toEqual([
    {
      name: "Critic",
      system_prompt: "",
      model: null,
      temperature: 0.7,
      max_tokens: 2048,
      reasoning: null,
      openrouter_preset: null,
      params: {},
      tools: [],
      is_default: false,
    },
  ]);
  expect(await screen.findByRole("heading", { name: "Critic" })).toBeVisible();
});

it("sends nothing while a field is wrong, and goes to the first one", async () => {
  await show("/app/profiles?profile=2");
  await retype("Max tokens", "0");
  await retype("Temperature", "3");
  await userEvent.click(save());
  const temperature = await field("Temperature");
  expect(temperature).toHaveFocus();
  expect(temperature).toHaveAccessibleDescription("Must be 0 to 2.");
  expect(await field("Max tokens")).toBeInvalid();
  expect(api.calls.filter(({ method }) => method !== "GET")).toEqual([]);
  await retype("Temperature", "1");
  expect(temperature).toBeValid();
});

it("opens the further parameters when one of them is refused by the server", async () => {
  api.on(
    "PUT /api/profiles/2",
    () =>
      new Refusal(422, "validation_failed", "The request is not valid.", {
        fields: [{ loc: ["body", "params", "top_p"], msg: "Input should be greater than 0" }],
      }),
  );
  await show("/app/profiles?profile=2");
  await retype("Name", "Bard");
  await userEvent.click(save());
  const topP = await screen.findByLabelText("Top P");
  await waitFor(() => expect(topP).toHaveFocus());
  expect(topP.closest("details")).toHaveAttribute("open");
  expect(topP).toHaveAccessibleDescription("Input should be greater than 0.");
});

it("keeps what was typed when saving fails, and says why", async () => {
  api.on("PUT /api/profiles/2", () => new Refusal(503, "restoring", "A restore is running."));
  await show("/app/profiles?profile=2");
  await retype("Name", "Bard");
  await userEvent.click(save());
  expect(await screen.findByRole("alert")).toHaveTextContent(/Not saved.*A restore is running/);
  expect(await field("Name")).toHaveValue("Bard");
});

it("shows what somebody else changed, and puts this change on top of it", async () => {
  const theirs = storedProfile({ ...stored[1], temperature: 0.5, max_tokens: 999, revision: 2 });
  api.on("PUT /api/profiles/2", ({ body }) => {
    const { revision } = body as Profile;
    if (revision === 1) return new Refusal(409, "stale", "Changed.", { current: theirs });
    return { ...theirs, ...(body as Partial<Profile>), revision: 3 };
  });
  await show("/app/profiles?profile=2");
  await retype("Temperature", "1.9");
  await userEvent.click(save());
  const notice = await screen.findByRole("region", { name: "Changed elsewhere" });
  expect(notice).toHaveTextContent("Temperature1.2 → 0.5 (yours: 1.9)");
  expect(notice).toHaveTextContent("Max tokens2048 → 999");
  expect(save()).toBeDisabled();
  await userEvent.click(within(notice).getByRole("button", { name: /Keep my changes/ }));
  await userEvent.click(save());
  await waitFor(() => expect(api.callsTo("PUT /api/profiles/2")).toHaveLength(2));
  expect(api.callsTo("PUT /api/profiles/2")[1]?.body).toMatchObject({
    revision: 2,
    temperature: 1.9,
    max_tokens: 999,
  });
});

it("can load what somebody else saved instead", async () => {
  const { client } = await show("/app/profiles?profile=2");
  await retype("Name", "Bard");
  stored = [stored[0], storedProfile({ id: 2, name: "Singer", revision: 2 })] as Profile[];
  await client.invalidateQueries({ queryKey: keys.profiles });
  await userEvent.click(await screen.findByRole("button", { name: /Load theirs/ }));
  expect(await field("Name")).toHaveValue("Singer");
  expect(screen.getByText("Saved")).toBeVisible();
});

it("follows a change from elsewhere while nothing is typed", async () => {
  const { client } = await show("/app/profiles?profile=2");
  await field("Name");
  stored = [stored[0], storedProfile({ id: 2, name: "Singer", revision: 2 })] as Profile[];
  await client.invalidateQueries({ queryKey: keys.profiles });
  await waitFor(async () => expect(await field("Name")).toHaveValue("Singer"));
});

it("saves with Ctrl+S, and only what was changed", async () => {
  api.on("PUT /api/profiles/2", ({ body }) =>
    storedProfile({ id: 2, ...(body as object), revision: 2 }),
  );
  await show("/app/profiles?profile=2");
  await field("Name");
  await userEvent.keyboard("{Control>}s{/Control}");
  await retype("Name", "Bard");
  await userEvent.keyboard("{Control>}s{/Control}");
  expect(await screen.findByText("Saved")).toBeVisible();
  expect(api.callsTo("PUT /api/profiles/2")).toHaveLength(1);
});

it("gives the keyboard to the title of a profile that is opened in place of what had it", async () => {
  const { router } = await show("/app/profiles?profile=1");
  const name = await field("Name");
  expect(document.body).toHaveFocus();
  name.focus();
  await router.navigate({ to: "/app/profiles", search: { profile: 2 } });
  await waitFor(() => expect(screen.getByRole("heading", { name: "Poet" })).toHaveFocus());
});

it("asks before typed changes are left", async () => {
  const { router } = await show("/app/profiles?profile=2");
  await retype("Name", "Bard");
  const other = () => screen.getByText("Reviewer");
  await userEvent.click(other());
  await userEvent.click(await screen.findByRole("button", { name: "Keep editing" }));
  expect(router.state.location.search).toEqual({ profile: 2 });
  expect(await field("Name")).toHaveValue("Bard");
  await userEvent.click(other());
  await userEvent.click(await screen.findByRole("button", { name: "Discard and leave" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ profile: 1 }));
  expect(await field("Name")).toHaveValue("Reviewer");
});

it("asks nothing when nothing was changed", async () => {
  const { router } = await show("/app/profiles?profile=2");
  await retype("Name", "Poet");
  await userEvent.click(screen.getByText("Reviewer"));
  await waitFor(() => expect(router.state.location.search).toEqual({ profile: 1 }));
});

it("duplicates a profile, but not its being the default", async () => {
  api.on("POST /api/profiles", ({ body }) => storedProfile({ id: 3, ...(body as object) }));
  await show("/app/profiles?profile=1");
  await userEvent.click(await screen.findByRole("button", { name: "Duplicate" }));
  await waitFor(() => expect(api.callsTo("POST /api/profiles")).toHaveLength(1));
  expect(api.callsTo("POST /api/profiles")[0]?.body).toMatchObject({
    name: "Reviewer (copy)",
    is_default: false,
  });
});

it("says what deleting means for chats, and deletes only then", async () => {
  api.on("DELETE /api/profiles/1", () => {
    stored = stored.slice(1);
    return new Response(null, { status: 204 });
  });
  const { router } = await show("/app/profiles?profile=1");
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  const dialog = await screen.findByRole("alertdialog");
  expect(dialog).toHaveAccessibleDescription(
    /Chats that use it stay.*new chats will start without/,
  );
  expect(api.callsTo("DELETE /api/profiles/1")).toEqual([]);
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete profile" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
  await waitFor(() => expect(screen.queryByText("Reviewer")).toBeNull());
});

it("leaves out the parameters that its model does not take, but none that is set", async () => {
  const model = storedModel("acme/plain", { supported_parameters: ["top_p"] });
  api.on("GET /api/models", () => ({ items: [model], next_cursor: null }));
  api.on("GET /api/profiles", () => ({
    items: [storedProfile({ model: "acme/plain", params: { seed: 7 } })],
    next_cursor: null,
  }));
  await show("/app/profiles?profile=1");
  expect(await screen.findByText(/6 parameters that the chosen model does not take/)).toBeVisible();
  expect(screen.getByRole("textbox", { name: "Top P" })).toBeVisible();
  expect(screen.getByRole("textbox", { name: "Seed" })).toHaveValue("7");
  expect(screen.queryByRole("textbox", { name: "Top K" })).toBeNull();
});
