import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type DecisionLink,
  newApprovalId,
  newLinkKeys,
  readForm,
  readInbox,
  readLink,
  rotateLinkKeys,
  signForm,
  signInbox,
  signLink,
} from "../../../nodes/lib/approval/index.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-23T10:00:00Z");
const LINK: DecisionLink = { approval: "Zm9vYmFyYmF6cXV4MTIzNA", level: 1, person: "Ana.Muñoz@x.com", expiresAt: NOW + 24 * HOUR };

describe("a decision link", () => {
  const keys = newLinkKeys();
  const token = signLink(keys, LINK);

  it("says what was signed, in characters that need no escape in a URL", () => {
    assert.deepEqual(readLink(keys, token, NOW), { code: "OK", link: LINK });
    assert.match(token, /^[\w.-]+$/);
  });

  it("is refused whatever bit of it is flipped", () => {
    const bytes = Buffer.from(token);
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[at] = flipped[at]! ^ (1 << bit);
        assert.deepEqual(readLink(keys, flipped.toString("latin1"), NOW), { code: "BAD" }, `byte ${at}, bit ${bit}`);
      }
    }
  });

  it("is refused when cut, lengthened, or made up", () => {
    for (let length = 0; length < token.length; length += 1) {
      assert.deepEqual(readLink(keys, token.slice(0, length), NOW), { code: "BAD" });
    }
    for (const more of ["A", "=", ".", ".A", "\n", "%"]) assert.deepEqual(readLink(keys, token + more, NOW), { code: "BAD" });
    fc.assert(fc.property(fc.string(), (text) => assert.deepEqual(readLink(keys, text, NOW), { code: "BAD" })));
    fc.assert(
      fc.property(fc.base64String(), fc.base64String(), (content, signature) => {
        assert.deepEqual(readLink(keys, `${keys[0].id}.${content}.${signature}`, NOW), { code: "BAD" });
      }),
    );
  });

  it("is refused when its parts come from two good ones", () => {
    const other = signLink(keys, { ...LINK, person: "somebody@x.com" });
    const [id, content] = token.split(".");
    const [, , signature] = other.split(".");
    assert.deepEqual(readLink(keys, `${id}.${content}.${signature}`, NOW), { code: "BAD" });
  });

  it("expires, and then still says whose it was", () => {
    assert.equal(readLink(keys, token, LINK.expiresAt - 1).code, "OK");
    assert.deepEqual(readLink(keys, token, LINK.expiresAt), { code: "EXPIRED", link: LINK });
  });

  it("is refused by the keys of another installation, even under the same key id", () => {
    const [stranger] = newLinkKeys();
    assert.deepEqual(readLink([stranger], token, NOW), { code: "BAD" });
    assert.deepEqual(readLink([{ ...stranger, id: keys[0].id }], token, NOW), { code: "BAD" });
  });

  it("is good after rotations until it expires, while the newest key signs", () => {
    const once = rotateLinkKeys(keys, NOW, 24 * HOUR);
    const twice = rotateLinkKeys(once, NOW + HOUR, 24 * HOUR);
    assert.deepEqual(readLink(twice, token, LINK.expiresAt - 1), { code: "OK", link: LINK });
    assert.deepEqual(readLink(twice, signLink(once, LINK), NOW), { code: "OK", link: LINK });
    assert.equal(signLink(twice, LINK).split(".")[0], twice[0].id);
    assert.equal(new Set(twice.map(({ id }) => id)).size, 3);
  });

  it("outlives its key by nothing: keys go once all they signed has expired", () => {
    const once = rotateLinkKeys(keys, NOW, 24 * HOUR);
    const later = rotateLinkKeys(once, NOW + 24 * HOUR, 24 * HOUR);
    assert.deepEqual(later.map(({ id }) => id).slice(1), [once[0].id]);
    assert.deepEqual(readLink(later, token, NOW + 24 * HOUR), { code: "BAD" });
  });

  it("made with a retired key is good for nothing past that key's end", () => {
    const [, retired] = rotateLinkKeys(keys, NOW, 24 * HOUR);
    assert.ok(retired !== undefined);
    const late = signLink([retired], { ...LINK, expiresAt: NOW + 24 * HOUR + 1 });
    assert.deepEqual(readLink([retired], late, NOW), { code: "BAD" });
    assert.equal(readLink([retired], token, NOW + 24 * HOUR - 1).code, "OK");
    assert.deepEqual(readLink([retired], token, NOW + 24 * HOUR), { code: "BAD" });
  });

  it("survives the keys' being stored as JSON", () => {
    const stored = JSON.parse(JSON.stringify(rotateLinkKeys(keys, NOW, 24 * HOUR))) as typeof keys;
    assert.equal(readLink(stored, token, NOW).code, "OK");
  });
});

describe("an inbox link", () => {
  const keys = newLinkKeys();
  const inbox = signInbox(keys, { person: "ana@x.com", expiresAt: NOW + HOUR });

  it("says whose it is, and expires", () => {
    assert.deepEqual(readInbox(keys, inbox, NOW), { code: "OK", link: { person: "ana@x.com", expiresAt: NOW + HOUR } });
    assert.equal(readInbox(keys, inbox, NOW + HOUR).code, "EXPIRED");
  });

  it("is no decision link, nor the other way round", () => {
    assert.deepEqual(readLink(keys, inbox, NOW), { code: "BAD" });
    assert.deepEqual(readInbox(keys, signLink(keys, LINK), NOW), { code: "BAD" });
  });
});

describe("the token of a form", () => {
  const keys = newLinkKeys();
  const given = { person: "ana@x.com", page: LINK.approval, expiresAt: NOW + HOUR };
  const form = signForm(keys, given);

  it("says from which page of whom it is, and expires", () => {
    assert.deepEqual(readForm(keys, form, NOW), { code: "OK", link: given });
    assert.equal(readForm(keys, form, NOW + HOUR).code, "EXPIRED");
  });

  it("opens nothing, and no link is one", () => {
    assert.deepEqual([readLink(keys, form, NOW), readInbox(keys, form, NOW)], [{ code: "BAD" }, { code: "BAD" }]);
    const links = [signLink(keys, LINK), signInbox(keys, { person: "ana@x.com", expiresAt: NOW + HOUR })];
    assert.deepEqual(
      links.map((link) => readForm(keys, link, NOW)),
      [{ code: "BAD" }, { code: "BAD" }],
    );
  });
});

describe("an approval's id", () => {
  it("fits where 22 URL-safe characters fit, and does not come twice", () => {
    const ids = Array.from({ length: 1_000 }, newApprovalId);
    for (const id of ids) assert.match(id, /^[\w-]{22}$/);
    assert.equal(new Set(ids).size, ids.length);
  });
});
