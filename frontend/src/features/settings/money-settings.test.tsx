import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { Settings } from "@/client/api";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { MoneySettings } from "./money-settings";

const STORED = {
  time_zone: "Europe/Berlin",
  allowed_models: ["anthropic/*"],
  max_prompt_price: 2.5,
  max_completion_price: null,
} as Settings;

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi().on("PATCH /api/settings", ({ body }) => ({ ...STORED, ...(body as object) }));
});

const field = (name: string) => screen.findByRole("textbox", { name });
const zone = () => screen.findByRole("combobox", { name: "Time zone" });
const patches = () => api.callsTo("PATCH /api/settings").map(({ body }) => body);

async function retype(control: HTMLElement, text: string): Promise<void> {
  await userEvent.clear(control);
  if (text !== "") await userEvent.type(control, text);
  await userEvent.tab();
}

it("saves the zone of the owner's days, and none that is not one", async () => {
  await renderInApp(<MoneySettings settings={STORED} />);
  await retype(await zone(), "Mars/Olympus");
  expect(await zone()).toHaveAccessibleDescription("Must be a zone such as Europe/Berlin.");
  await retype(await zone(), "Asia/Kolkata");
  await waitFor(() => expect(patches()).toEqual([{ time_zone: "Asia/Kolkata" }]));
});

it("saves which models are allowed, a pattern a line; none allows all", async () => {
  await renderInApp(<MoneySettings settings={STORED} />);
  const models = await field("Allowed models");
  expect(models).toHaveValue("anthropic/*");
  await retype(models, "anthropic/*{Enter}  *:free {Enter}");
  await waitFor(() => expect(patches()).toEqual([{ allowed_models: ["anthropic/*", "*:free"] }]));
  await retype(models, "");
  await waitFor(() => expect(patches().at(-1)).toEqual({ allowed_models: [] }));
});

it("saves price caps as they were typed, and takes them away", async () => {
  await renderInApp(<MoneySettings settings={STORED} />);
  const input = await field("Highest price of input");
  expect(input).toHaveValue("2.5");
  await retype(await field("Highest price of output"), "-1");
  expect(await field("Highest price of output")).toBeInvalid();
  await retype(input, "0.10");
  await waitFor(() => expect(patches()).toEqual([{ max_prompt_price: "0.10" }]));
  await retype(input, "");
  await waitFor(() => expect(patches().at(-1)).toEqual({ max_prompt_price: null }));
});
