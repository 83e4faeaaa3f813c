import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Model } from "@/client/api";
import { type Call, FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedModel, storedModelDetail } from "@/testing/stored";
import { ModelsScreen } from "./models-screen";
import { useSync } from "./sync";

const FIRST = Array.from({ length: 200 }, (_, index) =>
  storedModel(`acme/first-${index}`, { name: `First ${index}` }),
);
const SECOND = [
  storedModel("acme/thinker", { name: "Thinker", is_reasoning: true }, [1.25, 10]),
  storedModel("acme/gift", { name: "Gift" }, [0, 0]),
  storedModel("acme/secret", { name: "Secret" }, [null, null]),
];

let api: FakeApi;

beforeEach(() => {
  useSync.setState({ state: "idle" }, true);
  // Without layout every list has no height, and a virtual one no rows.
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(56);
  api = new FakeApi();
  offer([...FIRST, ...SECOND]);
});

/** A catalogue that knows the filters which the tests use. */
function offer(models: readonly Model[]): void {
  api.on("GET /api/models", ({ query }: Call) => {
    const left = models.filter(
      ({ name, id, is_reasoning, pricing }) =>
        `${name} ${id}`.toLowerCase().includes(query.get("text") ?? "") &&
        (!query.has("reasoning") || is_reasoning) &&
        (!query.has("free") || pricing.prompt === 0),
    );
    const from = Number(query.get("cursor") ?? 0);
    const next = from + 200 < left.length ? String(from + 200) : null;
    return { items: left.slice(from, from + 200), next_cursor: next };
  });
  const counts = models.length === 0 ? [] : [{ id: "acme", label: "Acme", count: models.length }];
  api.on("GET /api/models/families", () => ({ items: counts }));
}

const show = (at = "/app/models") => renderInApp(<ModelsScreen />, at);
const row = async (name: string) => {
  const link = await screen.findByRole("link", { name: new RegExp(name) });
  return link.closest("[role=row]") as HTMLElement;
};

it("counts the models of all pages, and shows no more of them than fit", async () => {
  await show();
  expect(await screen.findByText("203 models")).toBeVisible();
  expect(screen.getByRole("table")).toHaveAttribute("aria-rowcount", "204");
  const rows = screen.getAllByRole("row").length;
  expect(rows).toBeGreaterThan(10);
  expect(rows).toBeLessThan(40);
});

it("takes its filters from the address", async () => {
  await show("/app/models?reasoning=true");
  expect(await screen.findByText("1 of 203 models")).toBeVisible();
  expect(screen.getByRole("button", { name: "Reasoning" })).toBePressed();
});

it("puts its filters into the address, and clears them all at once", async () => {
  const { router } = await show();
  await userEvent.type(await screen.findByRole("searchbox"), "gift");
  await userEvent.click(screen.getByRole("button", { name: "Free" }));
  await waitFor(() => expect(router.state.location.search).toEqual({ text: "gift", free: true }));
  expect(await screen.findByText("1 of 203 models")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Reasoning" }));
  await userEvent.click(await screen.findByRole("button", { name: "Clear the filters" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
  expect(screen.getByRole("searchbox")).toHaveValue("");
  expect(await screen.findByText("203 models")).toBeVisible();
});

it("asks for prices, contexts and what comes out, and opens what is in use", async () => {
  const { router } = await show("/app/models?max_price=0.75");
  const price = await screen.findByRole("combobox", { name: "Price at most" });
  expect(price).toHaveTextContent("$0.75 or less");
  expect(screen.getByText(/mean of input and output, in US dollars per 1M tokens/)).toBeVisible();
  await userEvent.click(screen.getByRole("combobox", { name: "Gives" }));
  await userEvent.click(await screen.findByRole("option", { name: "Gives pictures" }));
  await waitFor(() =>
    expect(router.state.location.search).toEqual({ max_price: 0.75, gives: "image" }),
  );
  const asked = api.callsTo("GET /api/models").at(-1)?.query;
  expect(asked?.get("max_price")).toBe("0.75");
  expect(asked?.get("output_modalities")).toBe("image");
});

it("tells free, priced and unknown apart", async () => {
  offer(SECOND);
  await show();
  expect(await row("Gift")).toHaveTextContent("free");
  expect(await row("Thinker")).toHaveTextContent("$1.25 / $10.00");
  expect(await row("Secret")).toHaveTextContent("price not known");
});

it("walks through the list by arrow keys, with one stop for the Tab key", async () => {
  await show("/app/models?text=first-1");
  const links = await screen.findAllByRole("link");
  expect(links.map((link) => link.tabIndex).filter((index) => index === 0)).toHaveLength(1);
  links[0]?.focus();
  await userEvent.keyboard("{ArrowDown}");
  await waitFor(() => expect(screen.getByRole("link", { name: "First 10" })).toHaveFocus());
  await userEvent.keyboard("{Home}");
  await waitFor(() => expect(screen.getByRole("link", { name: "First 1" })).toHaveFocus());
});

it("shows one model with what its prices mean, and takes it into a new chat", async () => {
  const { router } = await show("/app/models?model=acme/secret");
  const sheet = await screen.findByRole("dialog", { name: "Secret" });
  expect(within(sheet).getByRole("row", { name: /Input/ })).toHaveTextContent("Input–");
  expect(sheet).toHaveTextContent("the provider names no fixed price");
  await userEvent.click(within(sheet).getByRole("link", { name: "Use in new chat" }));
  await waitFor(() => expect(router.state.location.href).toBe("/?model=acme%2Fsecret"));
});

it("closes the sheet with Escape, with the filters as they were", async () => {
  const { router } = await show("/app/models?text=gift&model=acme/gift");
  await screen.findByRole("dialog");
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(router.state.location.search).toEqual({ text: "gift" }));
});

it("asks for a model that the list does not have, and says when there is none", async () => {
  api.on("GET /api/models/acme/old", () =>
    storedModelDetail("acme/old", { name: "Old", removed_at: "2026-01-01T00:00:00.000Z" }),
  );
  const { router } = await show("/app/models?model=acme/old");
  const sheet = await screen.findByRole("dialog", { name: "Old" });
  expect(sheet).toHaveTextContent("does not offer this model any more");
  expect(within(sheet).queryByRole("link", { name: "Use in new chat" })).toBeNull();
  await router.navigate({ to: "/app/models", search: { model: "no/such" } });
  expect(await screen.findByText(/This model could not be shown/)).toBeVisible();
});

it("takes an order that only the provider knows from it, and says when it does not", async () => {
  const byName = [...SECOND];
  api.on("GET /api/models", ({ query }: Call) => {
    if (query.get("sort") === "latency_low_to_high") return new Refusal(422, "unsupported_sort");
    const items = query.get("sort") === "top_weekly" ? byName.toReversed() : byName;
    return { items, next_cursor: null };
  });
  const { router } = await show("/app/models?sort=top_weekly");
  await waitFor(() =>
    expect(screen.getAllByRole("link").map((link) => link.textContent)).toEqual([
      expect.stringContaining("Secret"),
      expect.stringContaining("Gift"),
      expect.stringContaining("Thinker"),
    ]),
  );
  await router.navigate({ to: "/app/models", search: { sort: "latency_low_to_high" } });
  const alert = await screen.findByRole("alert");
  await userEvent.click(within(alert).getByRole("button", { name: "By name" }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
});

/** A sync whose events the test sends. */
function controlledSync() {
  let send: (text: string) => void = () => {};
  let end = (): void => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      send = (text) => controller.enqueue(new TextEncoder().encode(text));
      end = () => controller.close();
    },
  });
  api.on("POST /api/models/sync", () => new Response(body));
  return {
    event: (name: string, data: unknown) =>
      send(`event: ${name}\r\ndata: ${JSON.stringify(data)}\r\n\r\n`),
    end: () => end(),
  };
}

it("shows how far a sync is, and the new list at its end", async () => {
  const sync = controlledSync();
  await show();
  await screen.findByText("203 models");
  await userEvent.click(screen.getByRole("button", { name: "Sync" }));
  expect(await screen.findByText("Asking the provider…")).toBeVisible();
  sync.event("progress", { phase: "storing", models: 2 });
  expect(await screen.findByText("Storing 2 models…")).toBeVisible();
  offer(SECOND.slice(0, 2));
  sync.event("progress", { phase: "done", models: 2 });
  sync.event("done", {});
  expect(await screen.findByText("2 models synced")).toBeVisible();
  expect(await screen.findByText("2 models")).toBeVisible();
});

it("says why a sync failed and leaves the list as it was", async () => {
  const sync = controlledSync();
  await show();
  await screen.findByText("203 models");
  await userEvent.click(screen.getByRole("button", { name: "Sync" }));
  sync.event("error", {
    error_code: "upstream_bad_key",
    message: "The provider refused the key.",
    request_id: "req-7",
    details: { hint: "Check it on the settings page." },
  });
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent(/refused the key\. Check it .* \(request req-7\)/);
  expect(screen.getByText("203 models")).toBeVisible();
  expect(within(alert).getByRole("button", { name: "Try again" })).toBeEnabled();
});

it("does not take a sync that broke off for one that ended", async () => {
  const sync = controlledSync();
  await show();
  await userEvent.click(await screen.findByRole("button", { name: "Sync" }));
  sync.event("progress", { phase: "storing", models: 2 });
  sync.end();
  expect(await screen.findByRole("alert")).toHaveTextContent("broke off");
});

it("offers the one thing to do when there are no models, and when they cannot be loaded", async () => {
  offer([]);
  const { unmount } = await show();
  expect(await screen.findByRole("heading", { name: "No models yet" })).toBeVisible();
  unmount();
  api.on("GET /api/models", () => new Refusal(503, "store_busy"));
  await show();
  expect(await screen.findByRole("alert")).toHaveTextContent("The models could not be loaded");
});
