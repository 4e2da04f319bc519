import type { NodeAPI } from "node-red";
import { DetailsReading } from "../lib/abiquo/index.ts";
import { Fault } from "../lib/base/fault.ts";
import type { AbiquoMessage, TaskEntry } from "../lib/engine/index.ts";
import { defineNode, type Message } from "../lib/node-red/define.ts";
import { detailParts, MessageDetails, withDetails } from "../lib/node-red/details.ts";
import { requiredText, typedProperty } from "../lib/node-red/evaluate.ts";
import { allEntriesOf } from "../lib/node-red/task-entries.ts";
import { faultText } from "../lib/node-red/text.ts";
import { followRel, readPath, typeName } from "./relation.ts";
import { DETAILS_WORDS, type DetailsKit } from "./words.ts";

export default function (RED: NodeAPI): void {
  defineNode(RED, "abiquo-task-details", { words: DETAILS_WORDS }, (kit) => {
    const source = kit.config.choice("source", ["facts", "rel", "path"]);
    const work = source === "facts" ? addFacts(kit) : source === "rel" ? follow(kit) : readAt(kit);
    kit.onInput(async (message, send, done) => {
      kit.show("reading");
      await work(message);
      send(message);
      done();
    });
  });
}

type Work = (message: Message) => Promise<void>;

function addFacts(kit: DetailsKit): Work {
  const parts = detailParts(kit.config.list("include"), "include");
  const words = (fault: Fault): string => faultText(kit.RED, fault.code, fault.params);
  return async (message) => {
    const connection = kit.connection(message);
    const entries = allEntriesOf(message.abiquo);
    const abiquo = message.abiquo as AbiquoMessage;
    const known = new MessageDetails(connection, abiquo, entries, words, kit.signal);
    const count = await known.addToAll(parts);
    message.abiquo = withDetails(abiquo, entries, known);
    if (count > 0) kit.show("missing", { count });
    else kit.show("complete");
  };
}

/** For several tasks a list, with null where a task has none; the reasons go to Catch. */
function follow(kit: DetailsKit): Work {
  const rel = kit.config.text("rel");
  if (rel === "") throw new Fault("CONFIG_INVALID", { property: "rel" });
  const type = typeName(kit.config.text("mediaType"), "mediaType");
  const put = resultInto(kit);
  return async (message) => {
    const reading = new DetailsReading(kit.connection(message).resources, kit.signal);
    const entries = allEntriesOf(message.abiquo);
    const isList = (message.abiquo as AbiquoMessage).tasks !== undefined;
    const faults = new Map<string, unknown>();
    const read = async (entry: TaskEntry): Promise<unknown> => {
      try {
        return await followRel(reading, entry, rel, type);
      } catch (error) {
        if (!isList || !(error instanceof Fault)) throw error;
        faults.set(error.message, error);
        return null;
      }
    };
    const found = await Promise.all(entries.map(read));
    put(message, isList ? found : found[0]);
    for (const fault of faults.values()) kit.report(fault, message);
    if (faults.size > 0) kit.showFailure();
    else kit.show("complete");
  };
}

function readAt(kit: DetailsKit): Work {
  const path = typedProperty(kit, "path", { value: "", type: "str" });
  const type = typeName(kit.config.text("mediaType"), "mediaType");
  const put = resultInto(kit);
  return async (message) => {
    const connection = kit.connection(message);
    put(message, await readPath(connection, (await requiredText(path, "path", message)).trim(), type));
    kit.show("complete");
  };
}

/** @throws Fault CONFIG_INVALID when the property is none of a message's */
function resultInto({ RED, config }: DetailsKit): (message: Message, value: unknown) => void {
  const property = config.text("property", "payload");
  try {
    RED.util.normalisePropertyExpression(property);
  } catch {
    throw new Fault("CONFIG_INVALID", { property: "property" });
  }
  return (message, value) => void RED.util.setMessageProperty(message, property, value, true);
}
