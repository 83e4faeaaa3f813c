import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { ProviderInfo } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { ProviderList } from "./provider-list";

const MAIN: ProviderInfo = {
  name: "openrouter",
  label: "OpenRouter",
  default: true,
  demo: false,
  key: "file",
  default_model: null,
  supports_custom_model: true,
  models: [],
};

it("names everybody who can be asked, with key, models and what those are called", async () => {
  const models = [{ id: "ollama/llama3", name: "llama3" }];
  const local = { ...MAIN, name: "ollama", label: "Ollama", default: false, key: "none", models };
  new FakeApi().on("GET /api/providers", () => ({
    items: [MAIN, { ...local, default_model: "ollama/llama3" }],
  }));
  await renderInApp(<ProviderList />);
  const list = await screen.findByRole("list", { name: "Providers" });
  const [main, other] = within(list).getAllByRole("listitem");
  expect(main).toHaveTextContent("OpenRouter0 modelsKey stored on this machine");
  expect(main).not.toHaveTextContent("are called");
  expect(other).toHaveTextContent(
    "Ollama1 modelNo key · models are called ollama/… · by default ollama/llama3 · takes names",
  );
  expect(within(other as HTMLElement).getByRole("link")).toHaveAttribute(
    "href",
    "/app/models?text=ollama%2F",
  );
});

it("says when they cannot be loaded, and tries again", async () => {
  const api = new FakeApi().on("GET /api/providers", () => new Refusal(503, "store_busy"));
  await renderInApp(<ProviderList />);
  expect(await screen.findByRole("alert")).toHaveTextContent("could not be loaded");
  api.on("GET /api/providers", () => ({ items: [MAIN] }));
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("OpenRouter")).toBeVisible();
});
