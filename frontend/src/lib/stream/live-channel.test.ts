import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EventServer } from "@/testing/event-server";
import { recordedCase } from "@/testing/fixtures";
import type { ChannelEvent } from "./frames";
import { type ChannelStatus, LiveChannel } from "./live-channel";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp(url: () => string = () => "/api/events") {
  const server = new EventServer();
  const events: ChannelEvent[] = [];
  const statuses: ChannelStatus[] = [];
  const channel = new LiveChannel({
    url,
    headers: () => ({ Authorization: "Bearer t" }),
    onEvent: (event) => events.push(event),
    onStatus: (status) => statuses.push(status),
    fetch: server.fetch,
    random: () => 1,
  });
  return { server, events, statuses, channel };
}

/** Lets everything that is ready run; no time passes. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

it("brings hello, frames and changes of a recorded channel, and skips comments", async () => {
  const { server, events, channel } = setUp();
  channel.open();
  await settle();
  server.last.write(recordedCase("live-channel").bytes);
  await settle();
  expect(events.map((event) => (event.type === "frame" ? event.frame.event : event.type))).toEqual([
    "hello",
    "start",
    "changed",
    "token",
    "token",
    "usage",
    "done",
    "changed",
  ]);
  channel.close();
});

it("reconnects with a fresh address after the connection was lost", async () => {
  let cursor = 1;
  const { server, statuses, channel } = setUp(() => `/api/events?after=g:${cursor}`);
  channel.open();
  await settle();
  cursor = 7;
  server.last.end();
  await settle();
  expect(statuses.at(-1)?.state).toBe("waiting");
  await vi.advanceTimersByTimeAsync(500);
  expect(server.urls).toEqual(["/api/events?after=g:1", "/api/events?after=g:7"]);
  expect(statuses.at(-1)?.state).toBe("open");
  channel.close();
});

it("waits longer after every failure, up to 15 s, and starts over once it worked", async () => {
  const { server, statuses, channel } = setUp();
  server.refusals = [0, 503, 0, 0, 0, 0, 0];
  channel.open();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await settle();
    const status = statuses.at(-1);
    if (status?.state !== "waiting") throw new Error(`Not waiting, but ${status?.state}.`);
    waits.push(status.retry_at_ms - Date.now());
    await vi.advanceTimersByTimeAsync(status.retry_at_ms - Date.now());
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(statuses.at(-1)?.state).toBe("open");
  server.last.end();
  await settle();
  const status = statuses.at(-1);
  expect(status?.state === "waiting" && status.retry_at_ms - Date.now()).toBe(500);
  channel.close();
});

it("takes a connection that says nothing for 40 s for dead", async () => {
  const { server, channel } = setUp();
  channel.open();
  await settle();
  for (let beat = 0; beat < 4; beat += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    server.last.write(": heartbeat\n\n");
    await settle();
  }
  expect(server.connections).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(41_000);
  expect(server.connections[0]?.isOpen).toBe(false);
  expect(server.connections).toHaveLength(2);
  channel.close();
});

it("stops and says so when the token is refused", async () => {
  const { server, statuses, channel } = setUp();
  server.refusals = [401];
  channel.open();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.urls).toHaveLength(1);
  expect(statuses.at(-1)?.state).toBe("unauthorized");
  expect(channel.isOpen).toBe(false);
});

it("has one connection at a time, however often it is opened", async () => {
  const { server, channel } = setUp();
  channel.open();
  await settle();
  channel.open();
  await settle();
  channel.open();
  await settle();
  expect(server.connections.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  channel.close();
  await settle();
  expect(server.connections.filter(({ isOpen }) => isOpen)).toHaveLength(0);
});

it("does not reconnect once it was closed", async () => {
  const { server, channel } = setUp();
  channel.open();
  await settle();
  channel.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.urls).toHaveLength(1);
});
