// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";
import { adoptTokenFromFragment, readToken, storeToken } from "./token";

beforeEach(() => localStorage.clear());

it("moves the token out of the address and keeps the rest of it", () => {
  const replaceState = vi.fn();
  adoptTokenFromFragment(
    { hash: "#token=abc%2F1", pathname: "/app/settings", search: "?x=1" },
    { replaceState, state: null },
  );
  expect(readToken()).toBe("abc/1");
  expect(replaceState).toHaveBeenCalledWith(null, "", "/app/settings?x=1");
});

it("leaves other fragments alone", () => {
  const replaceState = vi.fn();
  storeToken("kept");
  adoptTokenFromFragment(
    { hash: "#top", pathname: "/", search: "" },
    { replaceState, state: null },
  );
  expect(readToken()).toBe("kept");
  expect(replaceState).not.toHaveBeenCalled();
});
