import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { BackupSchedule } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedSchedule } from "@/testing/stored";
import { Schedule } from "./schedule";

let api: FakeApi;
let schedule: BackupSchedule;

beforeEach(() => {
  schedule = storedSchedule();
  api = new FakeApi().on("GET /api/admin/backups/schedule", () => schedule);
});

it("says when the next one is made, and how many stay", async () => {
  schedule.keep_daily = 5;
  await renderInApp(<Schedule />);
  expect(
    await screen.findByText(/None made by schedule yet; the next one is due .*2999/),
  ).toBeVisible();
  expect(screen.getByRole("radio", { name: "Every day" })).toBeChecked();
  expect(screen.getByRole("combobox", { name: "Days that keep one" })).toHaveTextContent("5 days");
});

it("is saved as it is chosen", async () => {
  api.on("PATCH /api/settings", ({ body }) => {
    schedule = { ...schedule, every: (body as { backup_every: "off" }).backup_every };
    return {};
  });
  await renderInApp(<Schedule />);
  await userEvent.click(await screen.findByRole("radio", { name: "Never" }));
  expect(await screen.findByText(/made by hand only/)).toBeVisible();
  expect(api.callsTo("PATCH /api/settings")[0]?.body).toEqual({ backup_every: "off" });
  expect(screen.queryByRole("combobox", { name: "Days that keep one" })).toBeNull();
});

it("goes back to what is stored when it could not be saved", async () => {
  api.on("PATCH /api/settings", () => new Refusal(503, "store_busy", "The store is busy."));
  await renderInApp(<Schedule />);
  await userEvent.click(await screen.findByRole("radio", { name: "Every week" }));
  expect(await screen.findByText("Not saved. The store is busy.")).toBeVisible();
  expect(screen.getByRole("radio", { name: "Every day" })).toBeChecked();
});

it("does not hide that the last one failed", async () => {
  schedule.failure = {
    at: "2026-01-02T03:04:05.678Z",
    error_code: "disk_full",
    message: "The disk is full.",
    in_a_row: 3,
  };
  await renderInApp(<Schedule />);
  expect(await screen.findByRole("alert")).toHaveTextContent(/The disk is full.*3 times in a row/);
});
