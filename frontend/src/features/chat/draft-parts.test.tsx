import { act, renderHook, waitFor } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import type { ImagePart } from "@/client/api";
import { FakeApi } from "@/testing/fake-api";
import {
  changeDraftParts,
  expectDraftParts,
  saveDraftParts,
  takeDraftParts,
  useDraftParts,
} from "./draft-parts";

const picture = (data: string): ImagePart => ({
  type: "image",
  url: `data:image/png;base64,${data}`,
  name: null,
  mime: "image/png",
});

let api: FakeApi;
let session = 0;
let path: string;

beforeEach(() => {
  session += 1;
  path = `PATCH /api/sessions/s${session}/draft`;
  api = new FakeApi().on(path, () => new Response(null, { status: 204 }));
});

function waiting(): readonly unknown[] {
  return renderHook(() => useDraftParts(`s${session}`)).result.current;
}

it("puts what was added before the stored parts were known on top of them", async () => {
  const id = `s${session}`;
  expectDraftParts(id);
  act(() => changeDraftParts(id, (parts) => [...parts, picture("new")], 0));
  expect(waiting()).toEqual([picture("new")]);
  saveDraftParts(id);
  expect(api.calls).toEqual([]);
  act(() => takeDraftParts(id, [picture("stored") as object as Record<string, unknown>]));
  expect(waiting()).toEqual([picture("stored"), picture("new")]);
  await waitFor(() => expect(api.callsTo(path)).toHaveLength(1));
  expect(api.callsTo(path)[0]?.body).toEqual({ parts: [picture("stored"), picture("new")] });
});

it("keeps what is not stored yet over what the server has", async () => {
  const id = `s${session}`;
  api.on(path, () => new TypeError("gone"));
  act(() => changeDraftParts(id, () => [picture("newer")], 0));
  await waitFor(() => expect(api.callsTo(path)).toHaveLength(1));
  expectDraftParts(id);
  act(() => takeDraftParts(id, []));
  expect(waiting()).toEqual([picture("newer")]);
});

it("takes no picture from elsewhere, and nothing that it does not know", () => {
  const id = `s${session}`;
  const result = { type: "tool_result", parent_id: "m", tool_call_id: "c", content: "x" };
  expectDraftParts(id);
  act(() =>
    takeDraftParts(id, [
      { type: "image", url: "https://pictures.example/one.png" },
      { type: "image", url: "data:image/svg+xml;base64,AA==" },
      { type: "tool_result", tool_call_id: "c", content: "x" },
      { type: "text", text: "x" },
      result,
    ]),
  );
  expect(waiting()).toEqual([result]);
});
