import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A page of somebody else on another loopback port: the nearest an attacker's page can come. */
export class ForeignSite {
  readonly #server: Server;

  private constructor(html: string) {
    this.#server = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(html);
    });
  }

  static async serve(html: string): Promise<ForeignSite> {
    const site = new ForeignSite(html);
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
