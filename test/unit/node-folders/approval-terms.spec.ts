import assert from "node:assert/strict";
import { approvalTerms } from "../../../nodes/approval/terms.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";
import { Configuration } from "../../../nodes/lib/node-red/config.ts";
import type { Message, NodeKit } from "../../../nodes/lib/node-red/define.ts";

/** What the terms need of a node: its properties, and how a message's are read. */
function kitOf(properties: object): NodeKit {
  const getMessageProperty = (message: Record<string, unknown>, path: string): unknown => message[path];
  return { config: new Configuration(properties), RED: { settings: {}, util: { getMessageProperty } } } as unknown as NodeKit;
}

const isAmbiguous = (error: unknown): boolean => error instanceof Fault && error.code === "APPROVAL_ALIAS_AMBIGUOUS";
const CLASHING = [
  { email: "a@x.com", aliases: ["U1"] },
  { email: "b@x.com", aliases: ["U1"] },
];

describe("what an approval node asks for", () => {
  it("is refused when the node starts where two people have one alias", () => {
    assert.throws(() => approvalTerms(kitOf({ levels: [{ name: "M", approvers: CLASHING }] })), isAmbiguous);
    assert.throws(
      () => approvalTerms(kitOf({ levels: [{ approvers: [CLASHING[0]] }], noApprover: "fallback", fallback: [CLASHING[1]] })),
      isAmbiguous,
    );
  });

  it("is refused with the message that names two people of one alias, before anybody is asked", async () => {
    const { termsOf } = approvalTerms(kitOf({ levels: [{ name: "M", approvers: "people", approversType: "msg" }] }));
    await assert.rejects(termsOf({ people: CLASHING } as unknown as Message), isAmbiguous);
    const { policy } = await termsOf({ people: [CLASHING[0]] } as unknown as Message);
    assert.deepEqual(policy.levels[0]?.approvers, [CLASHING[0]]);
  });

  it("says to whom votes may be handed, as a box, a variable's text or a list gives it", async () => {
    const delegation = async (given: unknown): Promise<unknown> =>
      (await approvalTerms(kitOf({ levels: [{ approvers: "a@x.com" }], delegation: given })).termsOf({} as Message)).policy.delegation;
    assert.deepEqual(await Promise.all([undefined, "", true, "yes", false, "off"].map(delegation)), [true, true, true, true, false, false]);
    assert.deepEqual(await delegation("example.com, b@x.com"), ["@example.com", "b@x.com"]);
    assert.deepEqual(await delegation(["Example.com"]), ["@example.com"]);
  });
});
