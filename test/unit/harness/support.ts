import assert from "node:assert/strict";
import { type AbiquoOptions, type SimTask, type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

export type Send = RequestInit & {
  /** nick of a user of the simulated Abiquo; `workflow` unless told */
  readonly as?: string;
  /** what is sent, as `enterprise` */
  readonly type?: string;
  /** what is accepted, as `enterprise` */
  readonly accept?: string;
};

/** A simulated Abiquo, and how its users call it. Nobody listens where it posts. */
export class Cloud {
  readonly abiquo: SimulatedAbiquo;

  private constructor(abiquo: SimulatedAbiquo) {
    this.abiquo = abiquo;
  }

  static async start(options: AbiquoOptions = {}): Promise<Cloud> {
    return new Cloud(await startAbiquo({ webhook: "http://127.0.0.1:1/", recordRequests: true, ...options }));
  }

  call(path: string, { as = "workflow", type, accept, ...init }: Send = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const password = as === "workflow" ? "demo-password" : `${as}-password`;
    if (!headers.has("authorization")) headers.set("Authorization", `Basic ${Buffer.from(`${as}:${password}`).toString("base64")}`);
    if (type !== undefined) headers.set("Content-Type", mediaType(type));
    if (accept !== undefined) headers.set("Accept", mediaType(accept));
    return fetch(this.abiquo.url + path, { ...init, headers });
  }

  async json<T>(path: string, send: Send = {}): Promise<T> {
    const response = await this.call(path, send);
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return (await response.json()) as T;
  }

  /** `404 TASK-1`; the status alone where nothing was refused. */
  async refusal(path: string, send: Send = {}): Promise<string> {
    const response = await this.call(path, send);
    if (response.ok) return String(response.status);
    const { collection } = (await response.json()) as { collection: { code: string }[] };
    return `${response.status} ${collection[0]?.code}`;
  }

  held(request: Parameters<SimulatedAbiquo["hold"]>[0] = {}): SimTask {
    const [task] = this.abiquo.hold(request);
    assert.ok(task);
    return task;
  }
}

/** @param name as `enterprise`, or with a suffix of its own, as `user+xml` */
export function mediaType(name: string): string {
  return name.includes("/") ? name : `application/vnd.abiquo.${name.includes("+") ? name : `${name}+json`}`;
}

export function machinePath({ virtualDatacenter, virtualAppliance, virtualMachine }: SimTask): string {
  return `/cloud/virtualdatacenters/${virtualDatacenter}/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}`;
}

export function taskPath(task: SimTask): string {
  return `${machinePath(task)}/tasks/${task.taskId}`;
}
