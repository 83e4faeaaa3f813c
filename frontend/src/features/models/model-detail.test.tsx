import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedModel, storedModelDetail } from "@/testing/stored";
import ModelSheet from "./model-detail";

it("shows who serves a model, what each takes, and what it has cost", async () => {
  const { pricing } = storedModel("acme/thinker", {}, [1.25, 10]);
  const endpoint = {
    tag: null,
    context_length: 32_000,
    max_output_tokens: null,
    max_prompt_tokens: null,
    quantization: "fp8",
    pricing,
    price_tiers: [],
    supported_parameters: [],
    status: 0,
    uptime_last_30m: 99.96,
    latency_last_30m: null,
    throughput_last_30m: null,
    supports_implicit_caching: null,
  };
  const api = new FakeApi();
  api.on("GET /api/models/acme/thinker", () =>
    storedModelDetail("acme/thinker", {
      name: "Thinker",
      endpoints: [
        { ...endpoint, provider_name: "North" },
        { ...endpoint, provider_name: "South", uptime_last_30m: null, status: -2 },
      ],
      parameters: {
        union: ["seed", "tools"],
        intersection: ["tools"],
        by_provider: { North: ["seed", "tools"], South: ["tools"] },
      },
      price_history: [
        {
          version: 1,
          since: "2026-01-02T00:00:00.000Z",
          pricing: { ...pricing, prompt: 2 },
          price_tiers: [],
        },
        { version: 2, since: "2026-02-02T00:00:00.000Z", pricing, price_tiers: [] },
      ],
    }),
  );
  await renderInApp(<ModelSheet id="acme/thinker" listed={undefined} onClose={() => {}} />);
  const sheet = await screen.findByRole("dialog", { name: "Thinker" });
  const servers = await within(sheet).findByRole("region", { name: "Served by" });
  const [north, south] = await within(servers).findAllByRole("listitem");
  expect(north).toHaveTextContent("North$1.25 / $10.0032K context · fp899.9 % up");
  expect(south).toHaveTextContent("Degraded");
  expect(south).toHaveTextContent("– up");
  const parameters = within(sheet).getByRole("region", { name: "Parameters it takes" });
  expect(parameters).toHaveTextContent("seed (not everywhere)");
  await userEvent.click(within(parameters).getByRole("radio", { name: "All take" }));
  expect(parameters).not.toHaveTextContent("seed");
  await userEvent.click(within(parameters).getByRole("radio", { name: "Each" }));
  expect(within(parameters).getByText("South")).toBeVisible();
  const prices = within(sheet).getByRole("region", { name: "Earlier prices" });
  expect(within(prices).getAllByRole("listitem")[1]).toHaveTextContent("$2.00 / $10.00");
});
