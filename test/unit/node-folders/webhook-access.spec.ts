import assert from "node:assert/strict";
import crypto from "node:crypto";
import type { IncomingMessage } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { sameSecret } from "../../../nodes/lib/base/secret.ts";
import { type AddressList, Configuration } from "../../../nodes/lib/node-red/config.ts";
import { admits, type WebhookAccess } from "../../../nodes/webhook-in/access.ts";
import { FailedCalls } from "../../../nodes/webhook-in/failed-calls.ts";
import { TurnedClock } from "../base/turned-clock.ts";

const addresses = (entries: readonly string[]): AddressList => new Configuration({ entries }).addresses("entries");
const none = addresses([]);
const request = (address: string, headers: Record<string, string> = {}): IncomingMessage =>
  ({ url: "/hook", headers, socket: { remoteAddress: address } }) as unknown as IncomingMessage;

describe("the webhook's door", () => {
  let clock = new TurnedClock();
  let previousUses = 0;
  const door = (auth: WebhookAccess["auth"], change: Partial<WebhookAccess> = {}): WebhookAccess => ({
    auth,
    allowFrom: none,
    trustedProxies: none,
    failedCalls: new FailedCalls(clock),
    onPrevious: () => void previousUses++,
    ...change,
  });
  beforeEach(() => {
    clock = new TurnedClock();
    previousUses = 0;
  });

  describe("while a secret is replaced", () => {
    it("takes both, tells when the old one is used, and no third one", () => {
      const both = door({ kind: "secret", secret: "new", previous: "old" });
      assert.equal(admits(both, request("192.0.2.1"), "new"), 200);
      assert.equal(previousUses, 0);
      assert.equal(admits(both, request("192.0.2.1"), "old"), 200);
      assert.equal(previousUses, 1);
      for (const other of ["", "ne", "oldnew", "neww"]) assert.equal(admits(both, request("192.0.2.1"), other), 401, other);
    });

    it("takes both passwords of its user", () => {
      const both = door({ kind: "basic", username: "abiquo", password: "new", previous: "old" });
      const by = (text: string): number =>
        admits(both, request("192.0.2.1", { authorization: `Basic ${Buffer.from(text).toString("base64")}` }), "");
      assert.deepEqual(["abiquo:new", "abiquo:old", "other:old", "abiquo:", "abiquo:x"].map(by), [200, 200, 401, 401, 401]);
      assert.equal(previousUses, 1);
    });

    it("lets nobody in without a secret when there is no old one", () => {
      for (const previous of ["", undefined]) {
        assert.equal(
          admits(door({ kind: "secret", secret: "new", ...(previous === undefined ? {} : { previous }) }), request("192.0.2.1"), ""),
          401,
        );
      }
    });
  });

  describe("and who fails too often", () => {
    const secret = { kind: "secret", secret: "s" } as const;
    const fail = (at: WebhookAccess, address: string, times: number): number[] =>
      Array.from({ length: times }, () => admits(at, request(address), "wrong"));

    it("is shut out for the rest of the minute, the right secret or not, and nobody else is", () => {
      const shut = door(secret);
      assert.deepEqual([...new Set(fail(shut, "192.0.2.1", 20))], [401]);
      assert.equal(admits(shut, request("192.0.2.1"), "wrong"), 429);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 429);
      assert.equal(admits(shut, request("192.0.2.2"), "s"), 200);
      clock.turn(59_999);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 429);
      clock.turn(1);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 200);
    });

    it("is shut out as well when calling from outside of the allowed networks", () => {
      const shut = door(secret, { allowFrom: addresses(["10.0.0.0/8"]) });
      assert.deepEqual([...new Set(fail(shut, "192.0.2.1", 20))], [403]);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 429);
    });

    it("is not shut out after a right call: Abiquo may have the same address", () => {
      const shut = door(secret);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 200);
      assert.deepEqual([...new Set(fail(shut, "192.0.2.1", 100))], [401]);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 200);
    });

    it("is told apart by the address that a trusted proxy says, and by no other", () => {
      const shut = door(secret, { trustedProxies: addresses(["10.0.0.1"]) });
      const from = (direct: string, said: string, given: string): number =>
        admits(shut, request(direct, { "x-forwarded-for": said }), given);
      for (let call = 0; call < 20; call++) from("10.0.0.1", "203.0.113.9", "wrong");
      assert.equal(from("10.0.0.1", "203.0.113.9", "s"), 429);
      assert.equal(from("10.0.0.1", "203.0.113.10", "s"), 200);
      for (let call = 0; call < 20; call++) from("192.0.2.7", `203.0.113.${call}`, "wrong");
      assert.equal(from("192.0.2.7", "203.0.113.200", "s"), 429);
    });

    it("is one whoever has a network of IPv6", () => {
      const shut = door(secret);
      for (let call = 0; call < 20; call++) admits(shut, request(`2001:db8:0:7:${call}::1`), "wrong");
      assert.equal(admits(shut, request("2001:db8::7:ffff:1:2:3"), "s"), 429);
      assert.equal(admits(shut, request("2001:db8:0:8::1"), "s"), 200);
      for (let call = 0; call < 20; call++) admits(shut, request("::ffff:192.0.2.9"), "wrong");
      assert.equal(admits(shut, request("192.0.2.9"), "s"), 429);
    });

    it("is forgotten when a thousand others have failed since, so that the table never grows", () => {
      const shut = door(secret);
      fail(shut, "192.0.2.1", 21);
      const addresses = Array.from({ length: 1_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
      for (const address of addresses.slice(1)) fail(shut, address, 1);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 429);
      fail(shut, addresses[0] ?? "", 1);
      assert.equal(admits(shut, request("192.0.2.1"), "s"), 200);
    });
  });

  it("compares every secret in constant time, by digests of one length, and by nothing else", () => {
    const genuine = crypto.timingSafeEqual;
    const seen: number[][] = [];
    const answering = (answer: boolean): void => {
      seen.length = 0;
      crypto.timingSafeEqual = (one, other) => {
        seen.push([one.byteLength, other.byteLength]);
        return answer;
      };
      syncBuiltinESMExports();
    };
    const basic = { authorization: `Basic ${Buffer.from("abiquo:p").toString("base64")}` };
    try {
      for (const [given, answer] of [
        ["right", false],
        ["wrong", true],
        ["", true],
        ["a much longer one than the secret is", true],
      ] as const) {
        answering(answer);
        assert.equal(sameSecret(given, "right"), answer);
        assert.deepEqual(seen, [[32, 32]]);
        answering(answer);
        const at = door({ kind: "secret", secret: "right", previous: "older" });
        assert.equal(admits(at, request("192.0.2.1"), given), answer ? 200 : 401, given);
        assert.deepEqual(
          seen,
          [
            [32, 32],
            [32, 32],
          ],
          "both secrets, whichever it is",
        );
      }
      answering(false);
      assert.equal(admits(door({ kind: "basic", username: "abiquo", password: "p", previous: "q" }), request("192.0.2.1", basic), ""), 401);
      assert.equal(seen.length, 3, "the name, and both passwords");
    } finally {
      crypto.timingSafeEqual = genuine;
      syncBuiltinESMExports();
    }
  });
});
