import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { Banners } from "./banners";

it("tells why answers wait, for as long as they do", async () => {
  const health = {
    status: "degraded",
    ok: false,
    reason: "Answers wait, because the disk is full.",
  };
  const api = new FakeApi().on("GET /api/health", () => health);
  const { client } = await renderInApp(<Banners />);
  expect(await screen.findByText("Answers wait, because the disk is full.")).toBeVisible();
  api.on("GET /api/health", () => ({ status: "ok", ok: true, reason: null }));
  await client.invalidateQueries();
  await waitFor(() =>
    expect(screen.queryByText("Answers wait, because the disk is full.")).toBeNull(),
  );
});
