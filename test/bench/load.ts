import { readFileSync } from "node:fs";
import type { SimulatedAbiquo } from "../harness/index.ts";

export interface Figures {
  /** tasks answered a second */
  readonly rate: number;
  /** from the POST of the webhook to the arrival of the answer, in ms */
  readonly p50: number;
  readonly p99: number;
  /** peak resident memory of the connector, in MB; 0 where the system does not tell */
  readonly memory: number;
}

/** Ids of virtual datacenters from here on are nobody's yet. */
const OWN_DATACENTERS = 1_000;

/**
 * Keeps `connections` tasks on their way, each followed by the next once it is answered, and in a virtual datacenter of
 * its own: of one, the palette sends four answers at once and no more, whatever it could.
 */
export async function drive(abiquo: SimulatedAbiquo, tasks: number, connections: number, pid: number): Promise<Figures> {
  const waiting = new Map<string, () => void>();
  const stop = abiquo.on("answer", (answer) => waiting.get((answer as { taskId: string }).taskId)?.());
  const latencies: number[] = [];
  let left = tasks;
  const worker = async (_: unknown, index: number): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now();
      const [task] = abiquo.hold({ type: "RECONFIGURE", count: 1, virtualDatacenter: OWN_DATACENTERS + index });
      if (task === undefined) throw new Error("the simulator holds no task");
      const answered = new Promise<void>((resolve) => waiting.set(task.taskId, resolve));
      const { status } = await abiquo.post([task]);
      if (status >= 300) throw new Error(`the webhook was answered with ${status}`);
      await answered;
      waiting.delete(task.taskId);
      latencies.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - start) / 1000;
  stop();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { rate: tasks / seconds, p50: at(0.5), p99: at(0.99), memory: peakMemory(pid) };
}

export function peakMemory(pid: number): number {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(peak ?? 0) / 1024;
  } catch {
    return 0;
  }
}
