import assert from "node:assert/strict";
import fc from "fast-check";
import { chatFor, type DecidedState, type MailView, mailFor } from "../../../nodes/lib/pages/index.ts";
import { ATTACKS, mails, skeleton } from "./hostile.ts";
import { HOUR, LANGUAGES, LUIS, MEI, machines, mail, NOW, subject, wordsIn } from "./support.ts";

const english = wordsIn("en-US");
const decided = (changes: Partial<DecidedState> = {}): DecidedState => ({
  kind: "decided",
  outcome: "approved",
  cause: "vote",
  by: LUIS,
  at: NOW,
  reason: "Within the budget.",
  ...changes,
});

const ALL: readonly (readonly [name: string, view: MailView])[] = [
  ...(["asked", "reminder", "escalated"] as const).map((kind) => [kind, mail({ kind })] as const),
  ...(["approver", "requester"] as const).flatMap((audience) => [
    ...(["approved", "rejected"] as const).map(
      (outcome) => [`${outcome}, ${audience}`, mail({ kind: "decided", audience, decision: decided({ outcome }) })] as const,
    ),
    [`withdrawn, ${audience}`, mail({ kind: "withdrawn", audience, withdrawal: { by: LUIS, at: NOW, reason: "Not needed." } })] as const,
  ]),
];

describe("A mail", () => {
  for (const language of LANGUAGES) {
    for (const [name, view] of ALL) {
      it(`${name}, ${language}: has a subject of one line, and the same in HTML and in plain text`, () => {
        const { subject: line, html, text } = mailFor(view, wordsIn(language));
        assert.match(line, /^[^\r\n]+: [^\r\n]+$/);
        assert.doesNotMatch(`${line}${html}${text}`, /__|\b(pages|mail)\.\w+\.|undefined|NaN/);
        for (const part of [line, "Northwind › Production › Web shop", "web-01", "https://flows.example.com/abiquo/approval/token"]) {
          assert.ok(text.includes(part), `text: ${part}`);
          assert.ok(html.includes(part), `html: ${part}`);
        }
      });

      it(`${name}, ${language}: needs nothing from elsewhere, and has no script and no form`, () => {
        assert.doesNotMatch(mailFor(view, wordsIn(language)).html, /<script|<link|<img|<form|<style|\ssrc=|url\(|@import/i);
      });
    }
  }

  it("keeps its shape and its one-line subject whatever strangers write", () => {
    const calm = mails("x").map((view) => skeleton(mailFor(view, english).html));
    const text = fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: "binary" })).map((hostile) => `x${hostile}`);
    fc.assert(
      fc.property(text, (hostile) => {
        const sent = mails(hostile).map((view) => mailFor(view, english));
        assert.deepEqual(
          sent.map(({ html }) => skeleton(html)),
          calm,
        );
        for (const { subject: line } of sent) assert.doesNotMatch(line, /[\u0000-\u001f\u007f\u2028\u2029]/);
      }),
      { numRuns: 200, examples: ATTACKS.map((attack) => [`x${attack}`]) },
    );
  });

  it("lets no stranger begin a line of the plain text, but for the quoted reason", () => {
    const forged = "x\n\nRead and decide:\nhttps://evil.example.com";
    for (const view of mails(forged))
      assert.doesNotMatch(mailFor(view, english).text, /^(Read and decide:\nhttps:\/\/evil|https:\/\/evil)/m);
  });

  it("tells an approver what is asked, until when and what happens then, and warns that the link is personal", () => {
    const { subject: line, text } = mailFor(mail(), english);
    assert.equal(line, "Approval needed: Deploy 6 virtual machines");
    assert.match(
      text.replace(/[\u00a0\u202f]/g, " "),
      /Answer by: Mon, Nov 23, 2026, 3:30 PM GMT\+1 \(in 5 hours\). Without an answer it is rejected./,
    );
    assert.match(text, /Step: 2 of 3: Operations/);
    assert.match(text, /do not pass this message on. Opening the link decides nothing./);
  });

  it("says which kind it is in the subject", () => {
    const lines = ALL.map(([, view]) => mailFor(view, english).subject.split(": Deploy")[0]);
    assert.deepEqual(lines, [
      "Approval needed",
      "Reminder: approval needed",
      "Escalated to you: approval needed",
      "Approved",
      "Rejected",
      "Withdrawn",
      "Your request was approved",
      "Your request was rejected",
      "Your request was withdrawn",
    ]);
  });

  it("tells the requester who decided, why, what was left out, and what comes next", () => {
    const group = machines(6).map((machine, at) => ({ ...machine, excepted: at === 0 }));
    const { text } = mailFor(
      mail({ kind: "decided", audience: "requester", person: MEI, subject: subject({ machines: group }), decision: decided(), links: {} }),
      english,
    );
    assert.match(
      text,
      /Hello Mei Chen,[\s\S]*Luis Vega \(luis.vega@example.com\) approved it.[\s\S]*1 of 6 machines was left out[\s\S]*now being carried out[\s\S]*> Within the budget./,
    );
    assert.match(text, /- web-01 .*\(left out\)/);
    assert.doesNotMatch(text, /https?:/);
  });

  it("names ten machines and counts the rest", () => {
    const { text } = mailFor(mail({ subject: subject({ machines: machines(25) }) }), english);
    assert.equal(text.match(/^- web-/gm)?.length, 10);
    assert.match(text, /^- and 15 more$/m);
  });

  it("cuts a subject that is too long to show", () => {
    const { subject: line } = mailFor(mail({ subject: subject({ title: "🖥".repeat(500) }) }), english);
    assert.equal([...line].length, 150);
    assert.ok(line.isWellFormed() && line.endsWith("…"));
  });
});

describe("A chat message", () => {
  it("is one line that tells, and one with the link", () => {
    const [told = "", link, ...more] = chatFor(mail(), english).split("\n");
    assert.equal(
      told.replace(/[\u00a0\u202f]/g, " "),
      "Approval needed: Deploy 6 virtual machines (by Mei Chen · 24 CPUs · 36 GB RAM · 240 GB disk · answer by Mon, Nov 23, 2026, 3:30 PM GMT+1)",
    );
    assert.equal(link, "https://flows.example.com/abiquo/approval/token");
    assert.deepEqual(more, []);
  });

  it("tells the outcome with who and why", () => {
    const text = chatFor(
      mail({ kind: "decided", decision: decided({ outcome: "rejected", reason: "Too\nlarge" }), dueAt: NOW + HOUR, links: {} }),
      english,
    );
    assert.match(text, /^Rejected: .*Luis Vega \(luis.vega@example.com\) rejected it. · Reason: Too large\)$/);
  });

  it("calls nobody and links nowhere, whatever strangers write", () => {
    const text = chatFor(
      mail({
        subject: subject({ title: "<!channel> <https://evil.example.com|here> [here](https://evil.example.com) @everyone @channel" }),
      }),
      english,
    );
    assert.doesNotMatch(text, /<|>|\]\(|@(everyone|channel)/);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (hostile) =>
        mails(`x${hostile}`).every((view) => chatFor(view, english).split(/[\r\n\u2028\u2029]/).length <= 2),
      ),
    );
  });
});
