import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import type { Settings } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { SettingsScreen } from "./settings-screen";

const KEY = "test-key-of-the-provider-9876";

let api: FakeApi;
let stored: Settings;

beforeEach(() => {
  stored = {
    app_title: "LLM Console",
    base_url: "https://openrouter.ai/api/v1",
    demo: true,
    key: { source: "none", last4: null },
    model: "openai/gpt-5-mini",
    temperature: 0.7,
    max_tokens: 2048,
    system_prompt: "",
    theme: "system",
    send_key: "enter",
    time_zone: "UTC",
    backup_every: "day",
    backup_keep_daily: 7,
    backup_keep_weekly: 4,
    allowed_models: [],
    max_prompt_price: null,
    max_completion_price: null,
  };
  api = new FakeApi()
    .on("GET /api/settings", () => stored)
    .on("PATCH /api/settings", ({ body }) => (stored = { ...stored, ...(body as object) }))
    .on("GET /api/health", () => ({
      version: "0.1.0",
      database: "SQLite 3.50.4, schema 1",
      upstream: "demo",
      demo: true,
    }));
});

const show = () => renderInApp(<SettingsScreen />);
const field = (name: string) => screen.findByRole("textbox", { name });
const patches = () => api.callsTo("PATCH /api/settings").map(({ body }) => body);

describe("a typed setting", () => {
  it("is saved with Enter, and says so", async () => {
    await show();
    const temperature = await field("Temperature");
    await userEvent.clear(temperature);
    await userEvent.type(temperature, "0.2");
    expect(screen.getByText("Not saved")).toBeVisible();
    await userEvent.keyboard("{Enter}");
    expect(await screen.findByText("Saved")).toBeVisible();
    expect(patches()).toEqual([{ temperature: 0.2 }]);
    expect(temperature).toHaveValue("0.2");
  });

  it("is saved on leaving it, once, and not when it is as before", async () => {
    await show();
    const prompt = await field("System prompt");
    await userEvent.type(prompt, "Be brief.{Enter}Be kind.");
    await userEvent.tab();
    await waitFor(() => expect(patches()).toEqual([{ system_prompt: "Be brief.\nBe kind." }]));
    await screen.findByText("Saved");
    await userEvent.click(prompt);
    await userEvent.tab();
    expect(patches()).toHaveLength(1);
  });

  it("is saved when the screen is left by a shortcut", async () => {
    const { unmount } = await show();
    await userEvent.type(await field("System prompt"), "Be brief.");
    unmount();
    await waitFor(() => expect(patches()).toEqual([{ system_prompt: "Be brief." }]));
  });

  it("is not sent while it is wrong, and comes back with Escape", async () => {
    await show();
    const tokens = await field("Max tokens");
    await userEvent.type(tokens, "x");
    await userEvent.tab();
    expect(tokens).toBeInvalid();
    expect(tokens).toHaveAccessibleDescription("Must be a whole number.");
    await userEvent.click(tokens);
    await userEvent.keyboard("{Escape}");
    expect(tokens).toHaveValue("2048");
    expect(tokens).toBeValid();
    expect(patches()).toEqual([]);
  });

  it("keeps what was typed when it is refused, with the server's words", async () => {
    api.on(
      "PATCH /api/settings",
      () =>
        new Refusal(422, "validation_failed", "The request is not valid.", {
          fields: [{ loc: ["body", "temperature"], msg: "Input should be a valid number" }],
        }),
    );
    await show();
    const temperature = await field("Temperature");
    await userEvent.type(temperature, "1{Enter}");
    await waitFor(() =>
      expect(temperature).toHaveAccessibleDescription("Not saved. Input should be a valid number."),
    );
    expect(temperature).toHaveValue("0.71");
  });
});

describe("a choice", () => {
  it("applies at once and is saved", async () => {
    await show();
    await userEvent.click(await screen.findByRole("radio", { name: "Dark" }));
    expect(screen.getByRole("radio", { name: "Dark" })).toBeChecked();
    expect(await screen.findByText("Saved")).toBeVisible();
    expect(patches()).toEqual([{ theme: "dark" }]);
  });

  it("goes back when it could not be saved", async () => {
    api.on("PATCH /api/settings", () => new Refusal(503, "restoring", "A restore is running."));
    await show();
    await userEvent.click(await screen.findByRole("radio", { name: "Dark" }));
    expect(await screen.findByText("Not saved. A restore is running.")).toBeVisible();
    expect(screen.getByRole("radio", { name: "System" })).toBeChecked();
  });
});

describe("the provider's key", () => {
  it("goes to the server and is nowhere on the page afterwards", async () => {
    api.on("PUT /api/settings/key", () => {
      stored = { ...stored, demo: false, key: { source: "file", last4: "9876" } };
      return stored.key;
    });
    const { container, client } = await show();
    const key = await screen.findByLabelText("OpenRouter key");
    expect(key).toHaveAttribute("type", "password");
    await userEvent.type(key, `  ${KEY}{Enter}`);
    expect(await screen.findByText(/Key ending in 9876/)).toBeVisible();
    expect(api.callsTo("PUT /api/settings/key")[0]?.body).toEqual({ key: KEY });
    expect(screen.getByLabelText("Another key")).toHaveValue("");
    expect(container.innerHTML).not.toContain(KEY);
    const kept = [...client.getQueryCache().getAll(), ...client.getMutationCache().getAll()];
    expect(JSON.stringify(kept.map(({ state }) => state))).not.toContain(KEY);
  });

  it("is not sent when it is too short to be one", async () => {
    await show();
    await userEvent.type(await screen.findByLabelText("OpenRouter key"), "abc{Enter}");
    expect(screen.getByLabelText("OpenRouter key")).toHaveAccessibleDescription(
      "A key has at least 8 characters.",
    );
    expect(api.callsTo("PUT /api/settings/key")).toEqual([]);
  });

  it("stays in the field when the server refuses it", async () => {
    api.on("PUT /api/settings/key", () => new Refusal(422, "validation_failed", "That is no key."));
    await show();
    await userEvent.type(await screen.findByLabelText("OpenRouter key"), `${KEY}{Enter}`);
    expect(await screen.findByText("Not saved. That is no key.")).toBeVisible();
    expect(screen.getByLabelText("OpenRouter key")).toHaveValue(KEY);
  });

  it("is removed after a question, and the keyboard goes to where another is given", async () => {
    stored = { ...stored, demo: false, key: { source: "file", last4: "9876" } };
    api.on("DELETE /api/settings/key", () => {
      stored = { ...stored, demo: true, key: { source: "none", last4: null } };
      return stored.key;
    });
    await show();
    await userEvent.click(await screen.findByRole("button", { name: "Remove key" }));
    const dialog = await screen.findByRole("alertdialog");
    expect(dialog).toHaveAccessibleDescription(/the key that ends in 9876/);
    await userEvent.click(within(dialog).getByRole("button", { name: "Remove key" }));
    expect(await screen.findByText("Demo mode")).toBeVisible();
    await waitFor(() => expect(screen.getByLabelText("OpenRouter key")).toHaveFocus());
  });

  it("cannot be changed here when it comes from the environment, and that is said", async () => {
    stored = { ...stored, demo: false, key: { source: "env", last4: "cd12" } };
    await show();
    expect(await screen.findByText("Key ending in cd12, from the environment")).toBeVisible();
    expect(screen.getByText(/cannot be changed here/)).toBeVisible();
    expect(document.querySelector("input[type=password]")).toBeNull();
    expect(screen.queryByRole("button", { name: "Remove key" })).toBeNull();
  });

  it.each([
    ["https://openrouter.ai/api/v1", /Demo mode is switched off/],
    ["http://127.0.0.1:11434/v1", /http:\/\/127.0.0.1:11434\/v1 is asked without one/],
  ])("may be missing without demo mode: %s", async (base_url, text) => {
    stored = { ...stored, demo: false, base_url };
    await show();
    expect(await screen.findByText(text)).toBeVisible();
  });
});

it("says what runs here, and where its API is described", async () => {
  await show();
  const about = await screen.findByRole("region", { name: "About" });
  await waitFor(() => expect(about).toHaveTextContent("Version0.1.0"));
  expect(about).toHaveTextContent("SQLite 3.50.4");
  expect(about).toHaveTextContent("ProviderDemo, built in");
  expect(within(about).getByRole("link", { name: "API reference" })).toHaveAttribute(
    "href",
    "/docs",
  );
});
