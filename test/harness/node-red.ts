import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface NodeRedOptions {
  readonly flows: readonly object[];
  /** by node id; as `flows_cred.json` holds them without encryption */
  readonly credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** folder of the node-red package; the one that `require` finds unless told */
  readonly nodeRed?: string;
  /** folder of a palette to make available */
  readonly palette?: string;
  /** entries of Node-RED's settings file; JSON values */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** kept when given; else made and removed */
  readonly userDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** any free one unless told */
  readonly port?: number;
  /** how long to wait for the flows to start, in ms; 30,000 unless told */
  readonly startTimeoutMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real Node-RED in a process of its own. */
export class NodeRedProcess {
  readonly userDir: string;
  readonly port: number;
  readonly #options: NodeRedOptions;
  readonly #changes = new EventEmitter();
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> | undefined;
  #output = "";

  constructor(options: NodeRedOptions, userDir: string, port: number) {
    this.#options = options;
    this.userDir = userDir;
    this.port = port;
    this.#changes.setMaxListeners(0);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** where the editor is */
  get adminUrl(): string {
    return this.#under("httpAdminRoot");
  }

  /** where the HTTP nodes are */
  get nodeUrl(): string {
    return this.#under("httpNodeRoot");
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** everything it has printed, earlier runs included */
  logs(): string {
    return this.#output;
  }

  /** Starts it, and waits until its flows run. */
  async start(): Promise<this> {
    const from = this.#output.length;
    const red = join(this.#options.nodeRed ?? dirname(requireHere.resolve("node-red/package.json")), "red.js");
    const child = spawn(process.execPath, [red, "-s", join(this.userDir, "settings.js"), "-u", this.userDir], {
      env: { ...process.env, NODE_OPTIONS: "", ...this.#options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    const collect = (part: Buffer): void => {
      this.#output += part.toString("utf8");
      this.#changes.emit("output");
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    this.#exit = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    running.add(child);
    void this.#exit.then(() => {
      running.delete(child);
      this.#changes.emit("output");
    });
    await this.waitForLog(/Started flows|Waiting for missing types/, this.#options.startTimeoutMs ?? 30_000, from);
    await this.#listening();
    return this;
  }

  /** Waits for a line of its output; the text from `from` on counts. */
  waitForLog(pattern: RegExp, timeoutMs = 10_000, from = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.#changes.off("output", look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (pattern.test(this.#output.slice(from))) end();
        else if (this.#child?.exitCode !== null || this.#child?.signalCode !== null)
          end(new Error(`Node-RED has ended:\n${this.#output.slice(from)}`));
      };
      const timer = setTimeout(() => end(new Error(`No ${pattern} within ${timeoutMs} ms:\n${this.#output.slice(from)}`)), timeoutMs);
      this.#changes.on("output", look);
      look();
    });
  }

  /** Deploys by the admin API, as the editor does. */
  async deploy(flows: readonly object[], type: "full" | "nodes" | "flows" | "reload" = "full"): Promise<void> {
    const from = this.#output.length;
    const response = await this.admin("flows", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Node-RED-API-Version": "v1", "Node-RED-Deployment-Type": type },
      body: JSON.stringify(flows),
    });
    if (!response.ok) throw new Error(`The deploy was refused: ${response.status} ${await response.text()}`);
    await this.waitForLog(/Started (modified )?(flows|nodes)/i, 20_000, from);
  }

  /** Calls the admin API; `path` is relative to its root. */
  admin(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.adminUrl), init);
  }

  /** Calls an HTTP node; `path` is relative to the node root. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path.replace(/^\//, ""), this.nodeUrl), init);
  }

  /** Ends the process and leaves the user directory, for `start` to go on with. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit> {
    this.#child?.kill(signal);
    return (await this.#exit) ?? { code: null, signal: null };
  }

  /** Ends the process, and removes the user directory if it was made for this run. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    const exit = await this.kill(signal);
    if (this.#options.userDir === undefined) rmSync(this.userDir, { recursive: true, force: true });
    return exit;
  }

  #under(root: "httpAdminRoot" | "httpNodeRoot"): string {
    const path = this.#options.settings?.[root];
    return `${this.url}${typeof path === "string" ? path.replace(/\/?$/, "/") : "/"}`;
  }

  async #listening(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await fetch(this.url, { redirect: "manual" });
        return;
      } catch (error) {
        if (attempt >= 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** Its input is a pipe that closes when its parent ends, even by a kill that lets the parent do nothing more. */
const ENDS_WITH_PARENT = 'process.stdin.resume().once("close", () => process.exit(1));\n';

/** No Node-RED outlives the process that started it. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Prepares a user directory and starts Node-RED in it. Resolves when its flows run. */
export async function startNodeRed(options: NodeRedOptions): Promise<NodeRedProcess> {
  const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), "node-red-"));
  const port = options.port ?? (await freePort());
  const settings = {
    uiPort: port,
    uiHost: "127.0.0.1",
    flowFile: "flows.json",
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, projects: { enabled: false } },
    logging: { console: { level: "info", metrics: false, audit: false } },
    ...options.settings,
  };
  mkdirSync(userDir, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(userDir, name), text);
  write("settings.js", `${ENDS_WITH_PARENT}module.exports = ${JSON.stringify(settings, null, 2)};\n`);
  write("flows.json", JSON.stringify(options.flows));
  write("flows_cred.json", JSON.stringify(options.credentials ?? {}));
  write("package.json", JSON.stringify({ name: "user-directory", version: "1.0.0", private: true }));
  if (options.palette !== undefined) linkPalette(options.palette, userDir);
  const nodeRed = new NodeRedProcess(options, userDir, port);
  try {
    return await nodeRed.start();
  } catch (error) {
    await nodeRed.stop("SIGKILL");
    throw error;
  }
}

function linkPalette(palette: string, userDir: string): void {
  const { name } = requireHere(join(palette, "package.json")) as { name: string };
  const target = join(userDir, "node_modules", name);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) symlinkSync(palette, target, "junction");
  const manifest = { name: "user-directory", version: "1.0.0", private: true, dependencies: { [name]: "*" } };
  writeFileSync(join(userDir, "package.json"), JSON.stringify(manifest));
}

/**
 * A free port, for a process that is started now, or again. It is none of those that systems give out to whoever asks for
 * any (from 32768 on, or higher): another would be given it before that process listens, or between two of its runs.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") continue;
      throw error;
    }
    await new Promise((closed) => server.close(closed));
    return port;
  }
}

const requireHere = createRequire(join(process.cwd(), "index.js"));
