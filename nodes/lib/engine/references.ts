import { type AbiquoClient, AbiquoFault, type AbiquoTask, keptLinks, keptPayload, keptSummary, linksOfTask } from "../abiquo/index.ts";
import { Fault } from "../base/fault.ts";
import { Semaphore } from "../base/semaphore.ts";
import { keyText, type Ledger, type NewTask, type TaskKey } from "../ledger/index.ts";
import { aboutOf, entryOf, isWhole, type TaskEntry, type TaskName, type TaskReference, type WholeTask } from "./message.ts";

/** A task that a message names, as far as it is known for sure. */
export interface NamedTask {
  readonly taskId: string;
  /** what the message proposes and knows of it, with the links of the ledger or of Abiquo */
  readonly entry: TaskEntry;
  /** as Abiquo has it, where the ledger does not know it */
  readonly task?: NewTask;
  /** true when neither the ledger nor Abiquo knows it */
  readonly isGone?: true;
}

interface Caller {
  readonly connection: { readonly id: string; readonly client: AbiquoClient };
  readonly references: readonly TaskReference[];
}

/** How many tasks are read from Abiquo at once. */
const READS = 32;

/**
 * Finds out which tasks a message means. Nothing of a message is believed but ids: what the ledger knows counts, and
 * what it does not know is read from Abiquo before it is kept. Else whoever can write a message could make a
 * connection call any path, or have a task known under wrong links before its webhook comes.
 */
export class References {
  readonly #ledger: Ledger;
  readonly #reads = new Semaphore(READS);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * @param isRecorded true for a task that is in the ledger for sure, so that it need not be looked up
   * @throws Fault TASK_UNKNOWN when an id is neither a known task's nor a known group's
   * @throws Fault ABIQUO_BAD_TASK, ABIQUO_BAD_LINK when a task that the ledger does not know comes with links that are
   *   not its own
   * @throws AbiquoFault when such a task cannot be read
   */
  async resolve(
    { connection, references }: Caller,
    now: number,
    isRecorded: (key: TaskKey) => boolean = () => false,
  ): Promise<NamedTask[]> {
    const api = connection.client.base;
    const names = references.filter((reference): reference is TaskName => !isWhole(reference));
    const byName =
      names.length === 0
        ? []
        : await this.#ledger.find(
            api,
            names.map(({ id }) => id),
          );
    const unsure = references
      .filter(isWhole)
      .map(({ task: { taskId } }) => ({ api, taskId }))
      .filter((key) => !isRecorded(key));
    const known = unsure.length === 0 ? new Map<string, never>() : await this.#ledger.tasks(unsure);
    const found = references.map(async (reference): Promise<NamedTask[]> => {
      if (!isWhole(reference)) {
        const named = byName.filter((task) => task.taskId === reference.id || task.group.id === reference.id);
        if (named.length === 0) throw new Fault("TASK_UNKNOWN", { taskId: reference.id });
        return named.map((task) => ({ taskId: task.taskId, entry: entryOf(task) }));
      }
      const { taskId } = reference.task;
      const record = known.get(keyText({ api, taskId }));
      if (record !== undefined) return [{ taskId, entry: { ...reference, ...entryOf(record) } }];
      if (isRecorded({ api, taskId })) return [{ taskId, entry: reference }];
      return [await this.#stranger(reference, connection, now)];
    });
    return (await Promise.all(found)).flat();
  }

  async #stranger(reference: WholeTask, { id, client }: Caller["connection"], now: number): Promise<NamedTask> {
    const { taskId } = reference.task;
    const links = linksOfTask(reference.links, taskId, client.base);
    try {
      const read = await this.#reads.run(() => client.readTask(links.self));
      if (read.task.taskId !== taskId) throw new Fault("ABIQUO_BAD_TASK", { problem: "LINK_OF_ANOTHER_TASK", taskId });
      return { taskId, entry: { ...reference, task: read.task, links: read.links }, task: newTask(read, id, client, now) };
    } catch (error) {
      if (!(error instanceof AbiquoFault && error.code === "ABIQUO_NOT_FOUND")) throw error;
      return { taskId, entry: { ...reference, links }, isGone: true };
    }
  }
}

function newTask({ task, links, payload }: AbiquoTask, connection: string, { base }: AbiquoClient, now: number): NewTask {
  return {
    api: base,
    taskId: task.taskId,
    connection,
    source: "",
    group: { id: task.taskId, index: 0, count: 1 },
    summary: keptSummary.write(task),
    links: keptLinks.write(links),
    payload: keptPayload.write(payload),
    about: aboutOf(task),
    // Clocks differ: what was made in the future would be young for as long.
    receivedAt: Math.min(Date.parse(task.createdAt) || now, now),
  };
}
