import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { Session } from "@/client/api";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedSession } from "@/testing/stored";
import { useChoice } from "./use-choice";

beforeEach(() => void new FakeApi());

function Chosen({ session }: { session?: Session }) {
  const { model, effectiveModel, choose } = useChoice(session);
  return (
    <>
      <p>
        {model ?? "none"}, so {effectiveModel ?? "unknown"}
      </p>
      <button type="button" onClick={() => choose({ model: null })}>
        Use the default
      </button>
    </>
  );
}

it("starts a new chat with the model of the address, which can be taken back", async () => {
  await renderInApp(<Chosen />, "/?model=acme/gift");
  expect(await screen.findByText("acme/gift, so acme/gift")).toBeVisible();
  await userEvent.click(screen.getByRole("button"));
  expect(await screen.findByText("none, so openai/gpt-5-mini")).toBeVisible();
});

it("leaves a stored chat with its own model, whatever the address says", async () => {
  await renderInApp(
    <Chosen session={storedSession({ model: "acme/own" })} />,
    "/app/chat/s1?model=acme/gift",
  );
  expect(await screen.findByText("acme/own, so acme/own")).toBeVisible();
});
