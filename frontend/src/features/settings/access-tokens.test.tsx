import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { AccessToken } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedToken } from "@/testing/stored";
import { AccessTokens } from "./access-tokens";

const SECRET = "llmc_a-secret-that-is-told-once";

let api: FakeApi;
let tokens: AccessToken[];

beforeEach(() => {
  tokens = [];
  api = new FakeApi()
    .on("GET /api/tokens", () => ({ items: tokens, next_cursor: null }))
    .on("POST /api/tokens", ({ body }) => {
      const made = storedToken({ id: "t-new", ...(body as object), budget_usd: 2.5 });
      tokens = [made, ...tokens];
      return { ...made, token: SECRET };
    });
});

const show = () => renderInApp(<AccessTokens />);
const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));

it("makes a token with a budget to the last digit, shows it once, and forgets it", async () => {
  const { client, container } = await show();
  await press("New token");
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveFocus();
  await userEvent.type(screen.getByRole("textbox", { name: "Name" }), " My script ");
  await userEvent.type(screen.getByRole("textbox", { name: "Budget" }), "2.500000000001");
  await press("Make token");
  expect(await screen.findByRole("textbox", { name: "Token" })).toHaveValue(SECRET);
  expect(api.callsTo("POST /api/tokens").map(({ body }) => body)).toEqual([
    { name: "My script", scopes: ["chat"], budget_usd: "2.500000000001" },
  ]);
  await press("I have it");
  await waitFor(() => expect(screen.getByRole("button", { name: "New token" })).toHaveFocus());
  expect(container.innerHTML).not.toContain(SECRET);
  expect(await screen.findByText("My script")).toBeVisible();
  await waitFor(() => expect(client.getMutationCache().getAll()).toEqual([]));
});

it("gives a token that only reads no budget", async () => {
  await show();
  await press("New token");
  await userEvent.type(screen.getByRole("textbox", { name: "Name" }), "Reader");
  await userEvent.type(screen.getByRole("textbox", { name: "Budget" }), "1");
  await userEvent.click(screen.getByRole("radio", { name: "Read" }));
  expect(screen.queryByRole("textbox", { name: "Budget" })).toBeNull();
  await press("Make token");
  await screen.findByRole("textbox", { name: "Token" });
  expect(api.callsTo("POST /api/tokens")[0]?.body).toEqual({
    name: "Reader",
    scopes: ["read"],
    budget_usd: null,
  });
});

it("sends nothing while a name is missing or a budget is no amount", async () => {
  await show();
  await press("New token");
  await userEvent.type(screen.getByRole("textbox", { name: "Budget" }), "1e3");
  await press("Make token");
  expect(screen.getByRole("textbox", { name: "Name" })).toBeInvalid();
  expect(screen.getByRole("textbox", { name: "Budget" })).toBeInvalid();
  expect(api.callsTo("POST /api/tokens")).toEqual([]);
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.getByRole("button", { name: "New token" })).toHaveFocus());
});

it("says why a token was not made, and keeps what was typed", async () => {
  api.on("POST /api/tokens", () => new Refusal(503, "store_busy", "The store is busy."));
  await show();
  await press("New token");
  await userEvent.type(screen.getByRole("textbox", { name: "Name" }), "Mine");
  await press("Make token");
  expect(await screen.findByText(/The store is busy/)).toBeVisible();
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveValue("Mine");
});

it("tells what each may do, what it spent, and when it was used", async () => {
  tokens = [
    storedToken({ name: "Editor", budget_usd: 1, spent_usd: 0.25, reserved_usd: 0.1 }),
    storedToken({
      id: "t2",
      name: "Old",
      scopes: ["admin"],
      revoked_at: "2026-01-02T00:00:00.000Z",
    }),
  ];
  await show();
  const list = await screen.findByRole("list", { name: "Access tokens" });
  expect(list).toHaveTextContent(
    /^EditorChat · \$0\.25 and \$0\.10 held of \$1\.00 spent · never usedRevoke$/,
  );
  expect(screen.getByText("1 revoked token")).toBeVisible();
});

it("revokes after a question", async () => {
  tokens = [storedToken()];
  api.on("DELETE /api/tokens/t1", () => {
    tokens = [storedToken({ revoked_at: "2026-01-02T00:00:00.000Z" })];
    return new Response(null, { status: 204 });
  });
  await show();
  await press("Revoke Editor");
  const question = await screen.findByRole("alertdialog");
  expect(api.callsTo("DELETE /api/tokens/t1")).toEqual([]);
  await userEvent.click(within(question).getByRole("button", { name: "Revoke token" }));
  expect(await screen.findByText("No program has a token of its own.")).toBeVisible();
  expect(screen.getByText("1 revoked token")).toBeVisible();
});
