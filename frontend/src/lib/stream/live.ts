import { createContext, use } from "react";
import { create } from "zustand";
import { apiUrl, authorization } from "@/client/http";
import type { Change } from "./frames";
import { type ChannelStatus, LiveChannel } from "./live-channel";
import { cursorsOf, receiveFrame } from "./run-store";

/** A tab that is hidden for longer gives its connection back; it resumes from its cursors when shown. */
const HIDDEN_GRACE_MS = 10_000;

export const useChannelStatus = create<ChannelStatus>()(
  () => ({ state: "closed" }) as ChannelStatus,
);

export interface LiveListener {
  /**
   * A new connection: what changed before it is not replayed. `lost` when there was none for a while, or the
   * server is another one; otherwise the tab only moved to another session.
   */
  onHello: (lost: boolean) => void;
  onChanged: (change: Change) => void;
}

/** The live channel of this tab and what it watches. */
export class Live {
  readonly #channel: LiveChannel;
  #session_id: string | null = null;
  #epoch: string | null = null;
  /** The next connection follows at once on the last one, by choice. */
  #moving = true;
  #hideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: LiveListener) {
    this.#channel = new LiveChannel({
      url: () =>
        apiUrl("/api/events", {
          session: this.#session_id,
          after: this.#session_id === null ? [] : cursorsOf(this.#session_id),
        }),
      headers: authorization,
      onStatus: (status) => useChannelStatus.setState(status, true),
      onEvent: (event) => {
        if (event.type === "frame") receiveFrame(event.frame);
        else if (event.type === "changed") listener.onChanged(event.change);
        else {
          const restarted = this.#epoch !== null && this.#epoch !== event.epoch;
          listener.onHello(restarted || !this.#moving);
          this.#epoch = event.epoch;
          this.#moving = false;
        }
      },
    });
  }

  /**
   * Opens the channel and follows the tab's visibility until the returned function is called. A tab that was
   * opened in the background takes no connection before it is shown.
   */
  start(): () => void {
    document.addEventListener("visibilitychange", this.#onVisibility);
    if (!document.hidden) this.#channel.open();
    return () => {
      document.removeEventListener("visibilitychange", this.#onVisibility);
      clearTimeout(this.#hideTimer);
      this.#channel.close();
    };
  }

  /** Follows one session's answers. Call it after its running answers were seeded. */
  watch(session_id: string | null): void {
    if (session_id === this.#session_id) return;
    this.#session_id = session_id;
    if (!this.#channel.isOpen) return;
    this.#moving = useChannelStatus.getState().state === "open";
    this.#channel.open();
  }

  retry(): void {
    this.#channel.open();
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hideTimer);
    if (document.hidden) {
      this.#hideTimer = setTimeout(() => this.#channel.close(), HIDDEN_GRACE_MS);
    } else if (!this.#channel.isOpen) {
      this.#channel.open();
    }
  };
}

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error("useLive needs a LiveContext above it.");
  return live;
}
