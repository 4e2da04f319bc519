import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { familyOf, networkIn } from "../../../nodes/lib/base/networks.ts";

/** Pieces of which addresses are made, right and wrong. */
const PIECES = ["0", "1", "01", "255", "256", "ffff", "12345", "g", ".", ":", "::", ":", ".", "1.2.3.4", "2001", "db8"];

/** Texts made of pieces: the same at each run. */
function* texts(count: number): Generator<string> {
  let seed = 1;
  const next = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let index = 0; index < count; index += 1) {
    yield Array.from({ length: 1 + next(16) }, () => PIECES[next(PIECES.length)]).join("");
  }
}

describe("addresses and networks", () => {
  it("are addresses where Node says so, but for zones", () => {
    const chosen = [
      "::",
      "::1",
      "1::",
      "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7::",
      "::1:2:3:4:5:6:7:8",
      "1::2::3",
      ":1",
      "1:",
      ":::",
      "::ffff:1.2.3.4",
    ];
    const more = ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3", "0.0.0.0", "1.2.3", "", "1.2.3.4.5"];
    let right = 0;
    for (const text of [...chosen, ...more, ...texts(200_000)]) {
      const family = isIP(text);
      if (family !== 0) right += 1;
      assert.equal(familyOf(text), family === 0 ? undefined : `ipv${family}`, text);
    }
    assert.ok(right > 500, `only ${right} of the texts were addresses`);
    assert.equal(familyOf("fe80::1%eth0"), undefined);
  });

  it("are what Node can look an address up in", () => {
    for (const text of ["192.0.2.7", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "::ffff:10.0.0.0/104"]) {
      const network = networkIn(text);
      assert.ok(network !== undefined, text);
      assert.doesNotThrow(() => new BlockList().addSubnet(network.address, network.prefix, network.family), text);
    }
    assert.deepEqual(networkIn("192.0.2.7"), { family: "ipv4", address: "192.0.2.7", prefix: 32 });
    assert.deepEqual(networkIn("::1"), { family: "ipv6", address: "::1", prefix: 128 });
    assert.deepEqual(networkIn("10.0.0.0/08"), { family: "ipv4", address: "10.0.0.0", prefix: 8 });
  });

  it("are refused with anything else", () => {
    const wrong = ["", "/", "/8", "localhost", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/1e1"];
    for (const text of [...wrong, "::/129", " 10.0.0.1", "10.0.0.0/255.0.0.0", "[::1]", "fe80::1%eth0/64"]) {
      assert.equal(networkIn(text), undefined, text);
    }
  });
});
