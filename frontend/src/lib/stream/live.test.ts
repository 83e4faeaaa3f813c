// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EventServer } from "@/testing/event-server";
import { storedMessage } from "@/testing/stored";
import type { Change } from "./frames";
import { Live, useChannelStatus } from "./live";
import { seedRun, useRuns } from "./run-store";

let server: EventServer;
let hellos: boolean[];
let changes: Change[];
let live: Live;
let stop: () => void;

const HELLO = 'event: hello\ndata: {"epoch":"e1","version":"1"}\n\n';

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  useRuns.setState({ runs: {} });
  server = new EventServer();
  vi.stubGlobal("fetch", server.fetch);
  hellos = [];
  changes = [];
  live = new Live({
    onHello: (lost) => hellos.push(lost),
    onChanged: (change) => changes.push(change),
  });
  stop = live.start();
  await settle();
});

afterEach(() => {
  stop();
  hide(false);
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

function hide(hidden: boolean): void {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

it("watches a session from the cursor of its running answer", async () => {
  seedRun(storedMessage({ generation_id: "g1", status: "running", last_seq: 7 }));
  live.watch("s1");
  await settle();
  expect(server.urls).toEqual(["/api/events", "/api/events?session=s1&after=g1%3A7"]);
  expect(server.connections.filter(({ isOpen }) => isOpen)).toHaveLength(1);
});

it("does not reconnect for the session it already watches", async () => {
  live.watch("s1");
  live.watch("s1");
  await settle();
  expect(server.urls).toHaveLength(2);
});

it("tells a move to another session from a lost connection and from a new server", async () => {
  server.last.write(HELLO);
  await settle();
  live.watch("s1");
  await settle();
  server.last.write(HELLO);
  await settle();
  server.last.end();
  await vi.advanceTimersByTimeAsync(1000);
  server.last.write(HELLO);
  await settle();
  live.watch("s2");
  await settle();
  server.last.write(HELLO.replace("e1", "e2"));
  await settle();
  expect(hellos).toEqual([false, false, true, true]);
});

it("passes changes on", async () => {
  server.last.write(
    'event: changed\ndata: {"kind":"session","id":"s1","op":"put","revision":2}\n\n',
  );
  await settle();
  expect(changes).toEqual([{ kind: "session", id: "s1", op: "put", revision: 2 }]);
});

it("gives the connection back after 10 s in the background and resumes when it is shown", async () => {
  live.watch("s1");
  await settle();
  hide(true);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(server.last.isOpen).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.last.isOpen).toBe(false);
  expect(useChannelStatus.getState().state).toBe("closed");
  seedRun(storedMessage({ generation_id: "g1", status: "running", last_seq: 9 }));
  hide(false);
  await settle();
  expect(server.urls.at(-1)).toBe("/api/events?session=s1&after=g1%3A9");
});

it("keeps the connection through a short look elsewhere", async () => {
  hide(true);
  await vi.advanceTimersByTimeAsync(5_000);
  hide(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.urls).toHaveLength(1);
  expect(server.last.isOpen).toBe(true);
});

it("sends the token that is stored", async () => {
  localStorage.setItem("console.token", "secret");
  live.retry();
  await settle();
  expect(server.headers.at(-1)).toMatchObject({ Authorization: "Bearer secret" });
});

it("takes no connection for a tab that was opened in the background until it is shown", async () => {
  stop();
  const before = server.urls.length;
  hide(true);
  stop = live.start();
  await settle();
  expect(server.urls).toHaveLength(before);
  hide(false);
  await settle();
  expect(server.urls).toHaveLength(before + 1);
});
