import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

interface ChildOptions {
  cwd: string;
  env: Record<string, string>;
  /** Leads a process group of its own, and is ended with it. */
  group?: boolean;
}

/** A process of the test's own, ended by its id. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #group: boolean;
  /** The exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(command: string, args: readonly string[], { cwd, env, group = false }: ChildOptions) {
    this.#group = group;
    this.#process = spawn(command, args, {
      cwd,
      env,
      detached: group,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const dieToo = (): void => this.#send("SIGKILL");
    process.once("exit", dieToo);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("close", (code, signal) => {
        process.off("exit", dieToo);
        resolve(signal ?? code);
      });
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface(stream).on("line", (line) => this.#lines.push(line));
    }
  }

  /** Everything it said so far. */
  get output(): string {
    return this.#lines.join("\n");
  }

  /** The first group of the pattern in the first line of its standard output that has it. */
  async line(pattern: RegExp): Promise<string> {
    const { stdout } = this.#process;
    if (!stdout) throw new Error("It has no output.");
    const found = new Promise<string>((resolve) => {
      createInterface(stdout).on("line", (line) => {
        const match = pattern.exec(line)?.[1];
        if (match !== undefined) resolve(match);
      });
    });
    const gone = this.ended.then((how) => {
      throw new Error(`It ended (${how}) before it said ${pattern}:\n${this.output.slice(-3000)}`);
    });
    return Promise.race([found, gone]);
  }

  /** SIGKILL, and the end of it. */
  async kill(): Promise<void> {
    this.#send("SIGKILL");
    await this.ended;
  }

  /** SIGTERM, and its exit status. */
  async terminate(): Promise<number | NodeJS.Signals | null> {
    this.#send("SIGTERM");
    return this.ended;
  }

  #send(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(this.#group ? -pid : pid, signal);
  }
}
