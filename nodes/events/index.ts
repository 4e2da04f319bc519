import type { NodeAPI } from "node-red";
import { systemClock } from "../lib/base/clock.ts";
import { Fault } from "../lib/base/fault.ts";
import { EVENT_KINDS, EventFeed, type EventKind } from "../lib/engine/index.ts";
import { defineNode } from "../lib/node-red/define.ts";
import { useEngine } from "../lib/node-red/engines.ts";
import { journeysOf } from "../lib/node-red/journeys.ts";
import { attachToStore, type StoreUse } from "../lib/node-red/store-access.ts";
import { storeSettings } from "../lib/node-red/store-settings.ts";
import { EVENTS_WORDS, type EventsKit } from "./words.ts";

/** How long the flow may be at work with one event, in ms: not every node says that it is done. */
const LONGEST_JOURNEY = 60_000;

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-events", { words: EVENTS_WORDS }, (kit) => {
    const kinds = kindsIn(kit.config.list("kinds"));
    const { store, api } = placeOf(kit);
    let count = 0;
    kit.onStart(() =>
      attachToStore(kit, store, async (engine) => {
        const feed = new EventFeed(engine.ledger, systemClock, {
          key: kit.node.id,
          kinds,
          api,
          async emit(event) {
            const _msgid = RED.util.generateId();
            const send = (): void => kit.node.send({ _msgid, topic: event.type, payload: event });
            const isOver = await journeysOf(RED).send(_msgid, send, LONGEST_JOURNEY, kit.signal);
            if (isOver) kit.show("sent", { count: ++count });
            return isOver;
          },
          report: (problem) => kit.report(problem),
        });
        await feed.begin();
        kit.show("waiting");
        await kit.finish(feed.run(kit.signal));
      }),
    );
  });
}

/** The store of its own, or else that of the connection, of whose platform it tells. */
function placeOf(kit: EventsKit): { readonly store: StoreUse; readonly api?: string } {
  const { RED, node, config } = kit;
  const own = config.text("store");
  if (own === "") {
    const connection = kit.connection();
    return { store: connection, api: connection.base };
  }
  const of = config.text("connection") === "" ? {} : { api: kit.connection().base };
  const use = useEngine(RED, storeSettings(RED, own));
  kit.onClose(async () => {
    await kit.inFlightSettled();
    await use.release();
  });
  return { store: { id: node.id, opened: use.opened, onStore: (hear) => use.onStore(hear) }, ...of };
}

function kindsIn(list: readonly string[]): ReadonlySet<EventKind> {
  const kinds = EVENT_KINDS.filter((kind) => list.includes(kind));
  if (kinds.length === 0 || list.length > kinds.length) throw new Fault("CONFIG_INVALID", { property: "kinds" });
  return new Set(kinds);
}
