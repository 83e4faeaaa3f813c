export interface ServerEvent {
  event: string;
  /** The id named since the event before, or null when none was. */
  id: string | null;
  data: string;
}

/** Server-sent events from bytes that may be split anywhere, as section 9.2.6 of the HTML standard reads them. */
export class EventDecoder {
  // Takes off the byte order mark, too.
  readonly #utf8 = new TextDecoder("utf-8");
  #rest = "";
  #afterReturn = false;
  #data: string[] = [];
  #event = "";
  #id: string | null = null;

  /** Takes the next bytes and answers the events they completed. */
  push(bytes: Uint8Array): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = this.#withPlainEnds(this.#utf8.decode(bytes, { stream: true })).split("\n");
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") this.#readField(line);
      else this.#dispatch(events);
    }
    return events;
  }

  /** CR and CRLF as LF. A CR at the end counts at once; the LF that may follow it then does not. */
  #withPlainEnds(text: string): string {
    if (text === "") return text;
    const rest = this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#afterReturn = text.endsWith("\r");
    return rest.includes("\r") ? rest.replaceAll(/\r\n?/g, "\n") : rest;
  }

  #readField(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const from = line.charAt(colon + 1) === " " ? colon + 2 : colon + 1;
    const value = colon === -1 ? "" : line.slice(from);
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(events: ServerEvent[]): void {
    if (this.#data.length > 0) {
      events.push({ event: this.#event || "message", id: this.#id, data: this.#data.join("\n") });
      this.#data = [];
      this.#id = null;
    }
    this.#event = "";
  }
}
