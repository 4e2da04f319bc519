import { randomBytes } from "node:crypto";
import type { NodeAPI } from "node-red";
import { systemClock } from "../base/clock.ts";
import { getOrCreate } from "../base/get-or-create.ts";

type Hooks = NodeAPI["hooks"];

interface Journey {
  /** how many nodes have received the message and are not done with it */
  working: number;
  /** counts what happens to it */
  moves: number;
  onMove: (() => void) | undefined;
}

/** How many wires a message has time to pass without a node at work on it; Node-RED takes a turn for each. */
const HOPS = 5;

/**
 * Follows messages through the flow by their `_msgid`, which nodes hand on, until no node works on them any more:
 * an e-mail node, for one, is done once the server has taken the mail.
 */
export class Journeys {
  readonly #journeys = new Map<string, Journey>();

  constructor(hooks: Hooks) {
    // Another copy of this module may be loaded as well, and no label can be registered twice.
    const label = `abiquo-${randomBytes(4).toString("hex")}`;
    hooks.add(`onReceive.${label}`, ({ msg }) => this.#move(msg._msgid, 1));
    hooks.add(`onComplete.${label}`, ({ msg }) => this.#move(msg._msgid, -1));
  }

  /**
   * Sends a message and waits until its journey has come to an end.
   *
   * @param longest after how many milliseconds it counts as ended, since not every node says that it is done
   * @returns false when the signal came before
   */
  async send(id: string, send: () => void, longest: number, signal: AbortSignal): Promise<boolean> {
    const journey: Journey = { working: 0, moves: 0, onMove: undefined };
    this.#journeys.set(id, journey);
    let isOver = signal.aborted;
    const giveUp = (): void => {
      isOver = true;
      journey.onMove?.();
    };
    const cancel = systemClock.after(longest, giveUp, true);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      send();
      // Both may come while the turns are awaited, and so are looked at after them.
      while ((await isUnderWay(journey)) && !isOver) {
        if (journey.working > 0) await new Promise<void>((moved) => (journey.onMove = moved));
      }
      return !signal.aborted;
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
      this.#journeys.delete(id);
    }
  }

  #move(id: string, change: 1 | -1): void {
    const journey = this.#journeys.get(id);
    if (journey === undefined) return;
    journey.working += change;
    journey.moves++;
    journey.onMove?.();
  }
}

/** False once no node has it, and none got it for some turns. */
async function isUnderWay(journey: Journey): Promise<boolean> {
  const before = journey.moves;
  for (let turn = 0; turn < HOPS; turn++) await new Promise((next) => setImmediate(next));
  return journey.working > 0 || journey.moves > before;
}

/** All nodes of a runtime share its hooks. */
const known = new WeakMap<Hooks, Journeys>();

export function journeysOf({ hooks }: NodeAPI): Journeys {
  return getOrCreate(known, hooks, () => new Journeys(hooks));
}
