import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** A network cable between browser and console: it counts the live channels on it and can be cut. */
export class Wire {
  readonly #server: Server;
  readonly #streams = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  /** How many bytes the next live channels may bring before they are cut; those after them are left alone. */
  #cuts: number[] = [];
  /** How many live channels were opened, and cut, on this wire. */
  opened = 0;
  cut = 0;
  /** The most live channels that were open at the same time. */
  peak = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => this.#join(client, connect(port, "127.0.0.1")));
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((resolve) => wire.#server.listen(0, "127.0.0.1", resolve));
    return wire;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Live channels that are open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Cuts the open live channels now, and each of the following ones after so many bytes. */
  storm(bytes: readonly number[]): void {
    this.#cuts = [...bytes];
    for (const stream of this.#streams) stream.destroy();
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let left: number | undefined;
    client.on("data", (bytes) => {
      if (bytes.includes("GET /api/events")) {
        left = this.#cuts.shift();
        this.#streams.add(client);
        client.once("close", () => this.#streams.delete(client));
        this.opened += 1;
        this.peak = Math.max(this.peak, this.#streams.size);
      }
      server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (left === undefined) {
        client.write(bytes);
        return;
      }
      // What comes before the cut arrives, in the middle of a frame as it may be.
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      client.write(passed, () => {
        if (left !== 0) return;
        this.cut += 1;
        client.destroy();
      });
    });
  }
}
