import { getOrCreate } from "../../base/get-or-create.ts";

/** Whose an item is, and where its work is done. */
export interface Place {
  readonly enterprise: string;
  readonly datacenter: string;
}

/**
 * Waiting items, taken in turns: one of each enterprise, within it one of each of its virtual datacenters, and there in
 * the order in which they came. Who has hundreds waiting does not hold up who has one.
 */
export class Turns<Item extends Place> {
  /** in the order of their turns */
  readonly #enterprises = new Map<string, Map<string, Item[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    const datacenters = getOrCreate(this.#enterprises, item.enterprise, () => new Map<string, Item[]>());
    getOrCreate(datacenters, item.datacenter, () => []).push(item);
    this.#size++;
  }

  /** Takes the next one whose datacenter is not passed over; undefined when there is none. */
  take(isPassedOver: (datacenter: string) => boolean): Item | undefined {
    for (const [enterprise, datacenters] of this.#enterprises) {
      for (const [datacenter, items] of datacenters) {
        if (isPassedOver(datacenter)) continue;
        const item = items.shift();
        requeue(datacenters, datacenter, items.length > 0);
        requeue(this.#enterprises, enterprise, datacenters.size > 0);
        this.#size--;
        return item;
      }
    }
    return undefined;
  }

  /** All of them, in the order in which they would be taken now were none passed over. */
  clear(): Item[] {
    const all: Item[] = [];
    for (let item = this.take(() => false); item !== undefined; item = this.take(() => false)) all.push(item);
    return all;
  }

  [Symbol.iterator](): Iterator<Item> {
    return [...this.#enterprises.values()].flatMap((datacenters) => [...datacenters.values()].flat()).values();
  }
}

/** To the end of the turns, or out of them. */
function requeue<Value>(turns: Map<string, Value>, key: string, isMore: boolean): void {
  const value = turns.get(key);
  turns.delete(key);
  if (isMore && value !== undefined) turns.set(key, value);
}
