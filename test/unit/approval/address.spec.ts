import assert from "node:assert/strict";
import { createRequire } from "node:module";
import fc from "fast-check";
import { canonicalAddress, isAddress, mailboxOf } from "../../../nodes/lib/approval/address.ts";

/** How the library that sends the mails reads a header. */
const parseHeader = createRequire(import.meta.url)("nodemailer/lib/addressparser") as (
  text: string,
) => readonly { address?: string; group?: unknown }[];

/** What tempts a reader of addresses: syntax, blanks, and characters that are not seen or look like others. */
const TEMPTING = [
  ..."abAB.@,;:<>()[]\"\\' +%!\t\r\n\0",
  "\u200b",
  "\u200d",
  "\u00ad",
  "\u202e",
  "\u3164",
  "\ufe0f",
  "а",
  "е",
  "ο",
  "ａ",
  "é",
  "例",
  "@x.com",
  "victim@y.com",
];

describe("an address", () => {
  it("is what people write, also with letters of other alphabets", () => {
    const good = [
      "ana@example.com",
      "Ana.Smith+cloud@sub.example.com",
      "o'brien@example.ie",
      "root@localhost",
      "ops@[10.0.0.5]",
      "ana@example.com.",
      "иван@пример.рф",
      "info@пример.рф",
      "用户@example.com",
      "josé@example.es",
      "a..b@docomo.example.jp",
    ];
    assert.deepEqual(
      good.filter((each) => !isAddress(each)),
      [],
    );
  });

  it("is none that another reader would send elsewhere", () => {
    const bad = [
      "a,victim@example.com",
      "victim@y.com,a@x.com",
      "a@x.com;b@y.com",
      "a@x.com b@y.com",
      "Ana <ana@example.com>",
      "<ana@example.com>",
      '"ana"@example.com',
      "ana(x)@example.com",
      "ana@example.com (x)",
      "a@b@example.com",
      "@a,@b:ana@example.com",
      "group:ana@example.com;",
      "ana@example.com\r\nBcc: b@y.com",
      "ana\0@example.com",
      "ana\u200b@example.com",
      "ana\u3164@example.com",
      "a\ufe0fna@example.com",
      "ana@exam\u00adple.com",
      "\u202eana@example.com",
      "ana@example..com",
      "ana@-example.com",
      "@example.com",
      "ana@",
      "ana",
      "",
      `${"a".repeat(65)}@example.com`,
      `a@${"b.".repeat(130)}com`,
    ];
    assert.deepEqual(bad.filter(isAddress), []);
  });

  it("is none that imitates one of another alphabet", () => {
    const bad = ["\u0430na@example.com", "ana@ex\u0430mple.com", "\u0430\u0441\u0430@example.com", "pα@example.com", "ana@ехample.com"];
    assert.deepEqual(bad.filter(isAddress), []);
  });

  it("of any characters is sent by the mail library to itself, and nowhere else", () => {
    const texts = fc.array(fc.constantFrom(...TEMPTING), { maxLength: 12 }).map((parts) => parts.join(""));
    let taken = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (!isAddress(text)) return;
        taken++;
        assert.deepEqual(parseHeader(text), [{ address: text, name: "" }]);
        assert.equal(canonicalAddress(text)?.includes("@"), true);
      }),
      { numRuns: 30_000 },
    );
    assert.ok(taken > 100, `${taken} were addresses`);
  });
});

describe("spellings of one address", () => {
  it("have one form", () => {
    const same = [
      "ana@example.com",
      " ANA@Example.COM. ",
      '"ana"@example.com',
      '"a\\na"@example.com',
      "ana(Ana (it's me))@example.com",
      "(x)ana@(y)example.com",
      "ana @ example . com",
      "Ana Smith <ana@example.com>",
      '"Smith, Ana" <ana@example.com>',
      "\tana@example.com\r\n",
    ];
    assert.deepEqual(
      same.map(canonicalAddress),
      same.map(() => "ana@example.com"),
    );
    assert.equal(canonicalAddress("info@exämple.com"), canonicalAddress("info@xn--exmple-cua.com"));
  });

  it("do not hide that there are several, or none", () => {
    const none = [
      "ana",
      "U024BE7LH",
      "",
      "a@x.com, b@x.com",
      "<a@x.com> <b@x.com>, c@x.com",
      "a@x.com(",
      "@a:b@x.com",
      '"a@x.com',
      "a@x.com;",
    ];
    assert.deepEqual(
      none.map(canonicalAddress),
      none.map(() => undefined),
    );
  });

  it("that may arrive in one mailbox are told apart where a right is given, and not where one is refused", () => {
    for (const other of ["ana+cloud@example.com", "\uff41na@example.com", "an\u200ba@example.com"]) {
      assert.notEqual(canonicalAddress(other), "ana@example.com");
      assert.equal(mailboxOf(other), "ana@example.com");
    }
    assert.equal(mailboxOf("+ana@example.com"), "+ana@example.com");
  });

  it("are found soon, whatever they are", () => {
    const endless = [" ", "(", "a.", '"\\a', "a@", "<", "a@b.", "+"].map((part) => part.repeat(500_000));
    for (const text of endless) assert.deepEqual([isAddress(text), canonicalAddress(text), mailboxOf(text)], [false, undefined, undefined]);
  });
});
