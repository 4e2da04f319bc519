import { keptSummary } from "../../abiquo/index.ts";
import { readOrWhy } from "../../base/codec.ts";
import { getOrCreate } from "../../base/get-or-create.ts";
import { eachPage, type Ledger } from "../../ledger/index.ts";

/** Ids of the tasks that the ledger has open on one platform, by the enterprise whose list they should stand in. */
export class OpenTasks {
  readonly #byEnterprise = new Map<string, Set<string>>();

  /** Reads them page by page. */
  static async read(ledger: Pick<Ledger, "openTasks">, api: string): Promise<OpenTasks> {
    const open = new OpenTasks();
    for await (const tasks of eachPage((after) => ledger.openTasks(api, after))) {
      for (const { taskId, summary } of tasks) {
        const reading = readOrWhy(() => keptSummary.read(summary));
        const enterprise = "value" in reading ? reading.value.enterpriseId : "";
        getOrCreate(open.#byEnterprise, enterprise, () => new Set()).add(taskId);
      }
    }
    return open;
  }

  /** These wait in the list of an enterprise. */
  seen(enterprise: string, taskIds: readonly string[]): void {
    for (const name of [enterprise, ""]) {
      const own = this.#byEnterprise.get(name);
      if (own !== undefined) for (const id of taskIds) own.delete(id);
    }
  }

  /** Those of an enterprise that were not seen in its list, once that was read to its end. */
  unseen(enterprise: string): string[] {
    return [...(this.#byEnterprise.get(enterprise) ?? [])];
  }

  /** Those of an enterprise have been looked after. */
  close(enterprise: string): void {
    this.#byEnterprise.delete(enterprise);
  }

  /** Those in whose list nobody has looked. @param isLeft whether an enterprise is left to somebody else */
  rest(isLeft: (enterprise: string) => boolean): string[] {
    return [...this.#byEnterprise].flatMap(([enterprise, own]) => (isLeft(enterprise) ? [] : [...own]));
  }
}
