import { createParser } from "eventsource-parser";

export interface ServerEvent {
  event: string;
  /** The raw `id:` field, or null for an event that has none. */
  id: string | null;
  data: string;
}

/** Server-sent events from bytes that may be split anywhere, inside a character too. */
export class EventDecoder {
  readonly #utf8 = new TextDecoder("utf-8");
  readonly #ready: ServerEvent[] = [];
  readonly #parser = createParser({
    onEvent: ({ event, id, data }) => {
      this.#ready.push({ event: event ?? "message", id: id ?? null, data });
    },
  });

  /** Takes the next bytes and answers the events they completed. */
  push(bytes: Uint8Array): ServerEvent[] {
    this.#parser.feed(this.#utf8.decode(bytes, { stream: true }));
    return this.#ready.splice(0);
  }
}
