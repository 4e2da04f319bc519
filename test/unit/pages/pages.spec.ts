import assert from "node:assert/strict";
import fc from "fast-check";
import { headers, inboxPage, mailFor, maskedEmail, type RequestView, requestPage } from "../../../nodes/lib/pages/index.ts";
import { ATTACKS, inboxes, requests, skeleton } from "./hostile.ts";
import { STATES } from "./states.ts";
import { ANA, BULK, HOUR, inbox, LANGUAGES, LUIS, machines, mail, NOW, request, rows, subject, wordsIn } from "./support.ts";

const english = wordsIn("en-US");

/** What a reader sees, on one line. */
function textOf(page: string): string {
  return page
    .replace(/<(style|title|option)\b[\s\S]*?<\/\1>/g, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/[\s\u00a0\u202f]+/g, " ");
}

const shown = (changes: Partial<RequestView>): string => textOf(requestPage(request(changes), english));
const forms = (page: string, method: string): string[] => page.match(new RegExp(`<form method="${method}" [\\s\\S]*?</form>`, "g")) ?? [];
const fieldsOf = (markup: string): string[] => [...markup.matchAll(/ name="([\w-]+)"/g)].map(([, name = ""]) => name);

describe("Every page", () => {
  for (const language of LANGUAGES) {
    for (const { name, page } of STATES) {
      it(`${name}, ${language}: has no script, nothing from elsewhere, and no text without words`, () => {
        const markup = page(wordsIn(language));
        assert.doesNotMatch(markup, /<script|<link|<img|<iframe|\son\w+=|\sstyle=|\ssrc=|url\(|@import/i);
        assert.match(markup, new RegExp(`<html lang="${language}">`));
        assert.doesNotMatch(textOf(markup), /__|\b(pages|mail)\.\w+|undefined|NaN|\[object/);
        assert.equal(markup.match(/<h1\b/g)?.length, 1);
        assert.equal(markup.match(/<main\b/g)?.length, 1);
      });

      it(`${name}, ${language}: decides by POST only`, () => {
        const markup = page(wordsIn(language));
        for (const form of forms(markup, "get"))
          assert.deepEqual(
            fieldsOf(form).filter((field) => !["q", "type"].includes(field)),
            [],
          );
        const outside = markup.replace(/<form method="post"[\s\S]*?<\/form>/g, "");
        assert.doesNotMatch(outside, /name="action"|name="reason"|[?&]action=|formmethod|formaction/);
        assert.equal(markup.match(/<form\b/g)?.length ?? 0, forms(markup, "get").length + forms(markup, "post").length);
      });
    }
  }

  it("keeps its shape whatever strangers write into it", () => {
    const shapes = (text: string): string[][] => [
      ...requests(text).map((view) => skeleton(requestPage(view, english))),
      ...inboxes(text).map((view) => skeleton(inboxPage(view, english))),
    ];
    const calm = shapes("x");
    const text = fc
      .oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }))
      .map((hostile) => `x${hostile}`);
    fc.assert(
      fc.property(text, (hostile) => assert.deepEqual(shapes(hostile), calm)),
      { numRuns: 200, examples: ATTACKS.map((attack) => [`x${attack}`]) },
    );
  });

  it("is served with headers that allow no script, no frame, no cache, no referrer and no index", () => {
    const sent = headers();
    const policy = sent["Content-Security-Policy"] ?? "";
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/);
    assert.equal(sent["Referrer-Policy"], "no-referrer");
    assert.equal(sent["Cache-Control"], "no-store");
    assert.equal(sent["X-Content-Type-Options"], "nosniff");
    assert.match(sent["X-Robots-Tag"] ?? "", /noindex/);
  });
});

describe("The page of a request", () => {
  it("says what is asked, by whom, where, how much and since when", () => {
    const text = shown({});
    for (const part of [
      "Deploy 6 virtual machines",
      "Mei Chen",
      "mei.chen@example.com",
      "Northwind › Production › Web shop",
      "24 CPU",
      "36 GB RAM",
      "240 GB Disk",
      "8:30 AM GMT+1",
      "2 hours ago",
      "You are Ana Ruiz",
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it("prefers the flow's own title, and then still says which task it is", () => {
    const text = shown({ subject: subject({ title: "Test system for the auditors" }) });
    assert.match(text, /Test system for the auditors.*Task Deploy/);
  });

  it("names the machine of a single task, and a type it has no words for", () => {
    assert.match(shown({ subject: subject({ type: "UNDEPLOY", machines: machines(1) }) }), /Undeploy web-01/);
    assert.match(shown({ subject: subject({ type: "SNAPSHOT" }) }), /SNAPSHOT for 6 virtual machines/);
  });

  it("sums what is known, and says what is not", () => {
    const known = [
      { id: "a", cpu: 2, ramMb: 1_024 },
      { id: "b", cpu: 4 },
      { id: "c", cpu: 1, ramMb: 1_024 },
    ];
    const text = shown({ subject: subject({ machines: known }) });
    assert.match(text, /7 CPU 2 GB RAM/);
    assert.match(text, /size of 1 machine is not wholly known/);
    assert.match(shown({ subject: subject({ machines: [{ id: "a" }] }) }), /size of this request is not known/);
  });

  it("offers each machine of a group to be left out, but for those that are out already", () => {
    const group = machines(3).map((machine, at) => (at === 1 ? { ...machine, excepted: true } : machine));
    const page = requestPage(request({ subject: subject({ machines: group }) }), english);
    assert.deepEqual(
      [...page.matchAll(/name="except" value="([^"]+)" form="vote"/g)].map(([, id]) => id),
      ["task-0", "task-2"],
    );
  });

  it("offers no machine to be left out of a single task", () => {
    assert.doesNotMatch(requestPage(request({ subject: subject({ machines: machines(1) }) }), english), /name="except"/);
  });

  it("posts a vote with its reason and the form's nonce", () => {
    const [vote = ""] = forms(requestPage(request(), english), "post");
    assert.deepEqual(fieldsOf(vote), ["form", "reason", "action", "action"]);
    assert.match(vote, /value="approve"[\s\S]*value="reject"/);
  });

  it("says whether a reason is needed, and lets approve go without one where only reject needs it", () => {
    const page = (requireReason: "never" | "reject" | "always"): string =>
      requestPage(request({ state: { kind: "waiting", requireReason, delegation: false, onDeadline: "wait" } }), english);
    assert.match(page("never"), /Optional\./);
    assert.doesNotMatch(page("never"), /<textarea[^>]* required/);
    assert.match(
      page("reject"),
      /Needed to reject or to leave machines out[\s\S]*<textarea[^>]* required[\s\S]*value="approve" formnovalidate/,
    );
    assert.match(page("always"), /Needed\.[\s\S]*<textarea[^>]* required/);
    assert.doesNotMatch(page("always"), /value="approve" formnovalidate/);
  });

  it("offers to hand on only where that is allowed", () => {
    assert.match(requestPage(request(), english), /name="to"[\s\S]*value="delegate"/);
    const without = request({ state: { kind: "waiting", requireReason: "never", delegation: false, onDeadline: "wait" } });
    assert.doesNotMatch(requestPage(without, english), /delegate/);
  });

  it("says until when, how long that is, and what happens then", () => {
    for (const [onDeadline, effect] of [
      ["wait", "goes on waiting"],
      ["reject", "it is rejected"],
      ["approve", "it is approved"],
      ["escalate", "others are asked"],
    ] as const) {
      const text = shown({ state: { kind: "waiting", requireReason: "never", delegation: false, dueAt: NOW + 5 * HOUR, onDeadline } });
      assert.match(text, new RegExp(`Answer by Mon, Nov 23, 2026, 3:30 PM GMT\\+1 \\(in 5 hours\\).*${effect}`));
    }
    assert.match(
      shown({ state: { kind: "waiting", requireReason: "never", delegation: false, dueAt: NOW - HOUR, onDeadline: "wait" } }),
      /deadline has passed.*1 hour ago/,
    );
    assert.match(shown({ state: { kind: "waiting", requireReason: "never", delegation: false, onDeadline: "wait" } }), /No deadline/);
  });

  it("shows each level with its progress and who has answered how", () => {
    const text = shown({});
    assert.match(
      text,
      /Team lead Approved · 1 of 1 approval Luis Vega \(approved\).*Operations Being asked · 1 of 2 approvals Ana Ruiz sam@example.com \(approved\).*Finance Not yet asked · 0 of 1 approval/,
    );
  });

  it("names of a crowd those who have answered, and counts the rest", () => {
    const people = Array.from({ length: 40 }, (_, at) => ({
      person: { email: `p${at}@example.com` },
      ...(at === 7 ? { vote: "approve" as const } : {}),
    }));
    const text = shown({ levels: [{ name: "All", state: "current", approvals: 1, needed: 40, people }] });
    assert.match(text, /p7@example.com \(approved\) and 39 others/);
    assert.doesNotMatch(text, /p8@example.com/);
  });

  it("tells the history: who did what when and why, one line for a step that reached several", () => {
    const text = shown({});
    assert.match(
      text,
      /Luis Vega \(luis.vega@example.com\) approved Left out 1 machine. Needed for the winter sale. Mon, Nov 23, 2026, 9:00 AM/,
    );
    assert.match(text, /Operations – asked: Ana Ruiz and sam@example.com/);
    assert.match(text, /reminded: Ana Ruiz.*escalated to Kofi Mensah/);
  });

  it("keeps apart in the history what differs in step, level, person or time", () => {
    const asked = { kind: "asked" as const, at: NOW, to: ANA, level: "One" };
    const others = [
      { ...asked, kind: "reminder" as const },
      { ...asked, level: "Two" },
      { ...asked, by: LUIS },
      { ...asked, at: NOW + HOUR },
    ];
    for (const other of others) {
      const page = requestPage(request({ levels: [], history: [asked, other] }), english);
      assert.equal(page.match(/<ol class="history">.*<\/ol>/s)?.[0].match(/<li>/g)?.length, 2);
    }
  });

  it("offers no decision in any state but waiting", () => {
    for (const { name, page } of STATES.filter(({ name }) =>
      /^(voted|delegated|passed|frozen|approved|rejected|late|repeated|withdrawn|forbidden)/.test(name),
    )) {
      assert.deepEqual(forms(page(english), "post"), [], name);
    }
  });

  it("says of a decided request who decided what, when and why, and which machines are out", () => {
    const group = machines(6).map((machine, at) => ({ ...machine, excepted: at < 2 }));
    const text = shown({
      subject: subject({ machines: group }),
      state: { kind: "decided", outcome: "approved", cause: "vote", by: LUIS, at: NOW - HOUR, reason: "Within the budget." },
    });
    assert.match(
      text,
      /Approved Luis Vega \(luis.vega@example.com\) approved it. Mon, Nov 23, 2026, 9:30 AM GMT\+1 2 of 6 machines were left out, and so rejected. Within the budget./,
    );
    assert.doesNotMatch(shown({ state: { kind: "decided", outcome: "approved", cause: "vote", by: LUIS, at: NOW } }), /so rejected/);
  });

  it("says of a decision without a person what made it", () => {
    const decided = (outcome: "approved" | "rejected", cause: "deadline" | "no-approver" | "bypass"): string =>
      shown({ state: { kind: "decided", outcome, cause, at: NOW } });
    assert.match(decided("rejected", "deadline"), /Nobody answered in time, so it was rejected/);
    assert.match(decided("rejected", "no-approver"), /nobody who may approve it, so it was rejected/);
    assert.match(decided("approved", "bypass"), /approved by emergency bypass/);
  });

  it("tells who is too late that the vote does not count, and who decided what and when", () => {
    const text = shown({
      state: { kind: "decided", outcome: "rejected", cause: "vote", by: LUIS, at: NOW - HOUR },
      result: { kind: "late" },
    });
    assert.match(
      text,
      /Your answer came too late and does not count. Luis Vega \(luis.vega@example.com\) rejected it. Mon, Nov 23, 2026, 9:30 AM/,
    );
  });

  it("tells who is too late for a level how that one was decided", () => {
    const text = shown({
      state: { kind: "passed", decision: { outcome: "approved", cause: "vote", by: LUIS, at: NOW - HOUR } },
      result: { kind: "late" },
    });
    assert.match(text, /too late and does not count. Luis Vega \(luis.vega@example.com\) approved it. Mon, Nov 23, 2026, 9:30 AM/);
  });

  it("says why a vote does not count, in general where it has no words for it", () => {
    const why = (code?: string): string => shown({ state: { kind: "passed" }, result: { kind: "forbidden", why: code } });
    assert.match(why("SELF_APPROVAL"), /Your answer does not count. You asked for it yourself/);
    assert.match(why("ALREADY_VOTED"), /first answer stands/);
    for (const unknown of [undefined, "ANYTHING", "title"]) assert.match(why(unknown), /Your answer does not count/);
    assert.match(why("ANYTHING"), /You may not do this here now/);
  });

  it("keeps what was typed when the reason is missing, and says so in the title, at the field and on top", () => {
    const page = requestPage(
      request({ result: { kind: "reason-missing" }, typed: { reason: "  \nhalf a thought", except: ["task-1"] } }),
      english,
    );
    assert.match(page, /<title>Error: /);
    assert.match(page, /role="alert"[^>]*autofocus/);
    assert.match(
      page,
      /<textarea[^>]*aria-describedby="reason-hint reason-error"[^>]*aria-invalid="true">\n {2}\nhalf a thought<\/textarea>/,
    );
    assert.match(page, /value="task-1" form="vote" checked/);
    assert.equal(page.match(/ checked/g)?.length, 1);
  });

  it("keeps the address that a request could not be handed to, with its form open", () => {
    const page = requestPage(request({ result: { kind: "delegate-refused" }, typed: { to: "mei.chen@example.com" } }), english);
    assert.match(page, /<details open>[\s\S]*value="mei.chen@example.com"[^>]*aria-invalid="true"/);
  });

  it("says of a disk of which not all is known that it is at least so large, in the list, in the totals and in mails", () => {
    const [first, second] = machines(2);
    const partly = subject({ machines: [{ ...first!, diskIsPart: true }, second!] });
    const page = shown({ subject: partly });
    assert.match(page, /at least 40 GB disk/);
    assert.match(page, /80 GB Disk, at least/);
    assert.match(mailFor(mail({ subject: partly }), english).text, /2 virtual machines .* at least 80 GB disk/);
    assert.doesNotMatch(shown({ subject: subject({ machines: [first!, second!] }) }), /at least/);
  });

  it("counts only machines in question, and says of the others why they are not", () => {
    const [first, second, third] = machines(3);
    const page = shown({ subject: subject({ machines: [first!, { ...second!, decided: true }, { ...third!, excepted: true }] }) });
    assert.match(page, / 1 Machine 2 CPU 4 GB RAM 40 GB Disk /);
    assert.match(page, /web-02 Decided already/);
    assert.match(page, /web-03 Left out/);
  });

  describe("with thousands of machines", () => {
    const many = (change: Partial<Parameters<typeof request>[0]> = {}): string =>
      requestPage(request({ subject: subject({ machines: machines(6_000) }), ...change }), english);
    const boxes = (page: string): string[] => [...page.matchAll(/type="checkbox" name="except" value="([^"]+)"/g)].map(([, id = ""]) => id);
    const kept = (page: string): string[] =>
      [...page.matchAll(/type="hidden" name="except" value="([^"]+)" form="vote"/g)].map(([, id = ""]) => id);

    it("shows them on pages that are no larger than that of some hundreds, with the totals of all", () => {
      const page = many();
      const few = requestPage(request({ subject: subject({ machines: machines(250) }) }), english);
      assert.ok(page.length < few.length * 1.05, `${page.length} and ${few.length}`);
      assert.match(textOf(page), /6,000 virtual machines[\s\S]*Page 1 of 24/);
      assert.doesNotMatch(textOf(few), /Page 1 of/);
    });

    it("shows each of them on one page", () => {
      const seen = Array.from({ length: 24 }, (_, index) => boxes(many({ machinesPage: index + 1 }))).flat();
      assert.deepEqual(
        seen,
        machines(6_000).map(({ id }) => id),
      );
      assert.deepEqual(boxes(many({ machinesPage: 99 })), seen.slice(-250));
      assert.deepEqual(boxes(many({ machinesPage: 0 })), seen.slice(0, 250));
    });

    it("turns its pages by buttons that take along what is ticked and typed, and decide nothing", () => {
      const page = many({ machinesPage: 2, typed: { reason: "Too many", except: ["task-3", "task-260", "task-5999", "task-77777"] } });
      assert.match(page, /<button name="machines" value="1" form="vote" formnovalidate>/);
      assert.match(page, /<button name="machines" value="3" form="vote" formnovalidate>/);
      assert.match(page, /value="task-260" form="vote" checked/);
      assert.deepEqual(kept(page), ["task-3", "task-5999"]);
      assert.match(textOf(page), /2 on other pages are ticked too/);
      assert.match(page, /Too many<\/textarea>/);
      // Enter on a tick presses the first button of the form.
      assert.match(page, /<button form="vote" formmethod="dialog" formnovalidate hidden><\/button>\s*<button name="machines" value="1"/);
    });

    it("turns its pages by links once it is decided", () => {
      const page = many({ machinesPage: 2, state: { kind: "decided", outcome: "approved", cause: "vote", by: LUIS, at: NOW - HOUR } });
      assert.match(page, /<a class="button" rel="prev" href="\?machines=1">[\s\S]*<a class="button" rel="next" href="\?machines=3">/);
      assert.doesNotMatch(page, /name="machines"|name="except"/);
    });
  });

  it("says of a link that is over, or never was, nothing about the request", () => {
    const closed = STATES.filter(({ name }) => /^(expired|notice)/.test(name));
    assert.equal(closed.length, 10);
    for (const { name, page } of closed) assert.doesNotMatch(page(english), /Mei|Northwind|web-0|Deploy|Ana/, name);
  });

  it("shows of an address only where a fresh link goes", () => {
    assert.equal(maskedEmail("ana.ruiz@example.com"), "a***@example.com");
    for (const odd of ["", "@example.com", "ana"]) assert.equal(maskedEmail(odd), "***");
  });

  it("offers by POST to send a fresh link, once", () => {
    const page = (name: string): string => STATES.find((state) => state.name === name)?.page(english) ?? "";
    assert.match(forms(page("expired"), "post")[0] ?? "", /name="action" value="fresh"/);
    assert.deepEqual(forms(page("expired-sent"), "post"), []);
    assert.match(textOf(page("expired-sent")), /mailbox of a\*\*\*@example.com/);
  });
});

describe("The inbox", () => {
  const shownInbox = (changes: Parameters<typeof inbox>[0]): string => textOf(inboxPage(inbox(changes), english));

  it("lists each request with its link, its size, its requester, its age and its deadline", () => {
    const page = inboxPage(inbox(), english);
    assert.match(page, /href="\/abiquo\/approval\/token-3"/);
    assert.match(
      textOf(page),
      /Deploy 4 virtual machines sam@example.com, 2 hours ago Northwind › Production › Web shop · 3 CPUs · 8 GB RAM · 40 GB disk Overdue: was due 1 minute ago Operations/,
    );
    assert.match(textOf(page), /No deadline/);
  });

  it("searches and filters by GET, keeping both for the next page and the decision", () => {
    const page = inboxPage(inbox({ query: "web & co", type: "DEPLOY", rows: rows(50, 50), matching: 120, page: 2 }), english);
    assert.match(page, /<option value="DEPLOY" selected>/);
    assert.match(page, /href="\?q=web\+%26\+co&amp;type=DEPLOY&amp;page=1"/);
    assert.match(page, /href="\?q=web\+%26\+co&amp;type=DEPLOY&amp;page=3"/);
    assert.match(forms(page, "post")[0] ?? "", /name="q" value="web &amp; co"[\s\S]*name="type" value="DEPLOY"/);
    assert.match(textOf(page), /51 to 100 of 120.*Page 2 of 3/);
  });

  it("offers to take every match of all pages, and no more than one form may decide", () => {
    assert.doesNotMatch(inboxPage(inbox(), english), /name="all"/);
    assert.match(shownInbox({ rows: rows(50), matching: 120, total: 500 }), /Take all 120 requests that match/);
    assert.match(shownInbox({ rows: rows(50), matching: 10_000, total: 10_000 }), /Take the first 1,000 of 10,000 requests/);
  });

  it("says with the form what had been asked when the person looked", () => {
    assert.match(inboxPage(inbox(), english), /name="upTo" value="41"/);
  });

  it("tells what became of each, what was not done first, and offers only what failed again", () => {
    const page = inboxPage(inbox({ result: { vote: "reject", reason: "Budget", each: BULK } }), english);
    assert.match(
      textOf(page),
      /2 requests rejected by you 2 others were not.*Deploy web-03 Too late: it was over before. Luis Vega \(luis.vega@example.com\) rejected it.*Deploy web-04 Something went wrong.*Deploy web-01 Your answer counts/,
    );
    const [retry = ""] = forms(page, "post");
    assert.deepEqual(
      [...retry.matchAll(/name="pick" value="(\w+)"/g)].map(([, id]) => id),
      ["d"],
    );
    assert.match(retry, /name="reason" value="Budget"[\s\S]*name="action" value="reject"/);
  });

  it("keeps what was ticked and typed when it refuses", () => {
    const page = inboxPage(
      inbox({ result: { vote: "reject", refused: "reason-missing" }, typed: { picked: ["request-2"], reason: " " } }),
      english,
    );
    assert.match(page, /value="request-2" checked/);
    assert.equal(page.match(/ checked/g)?.length, 1);
    assert.match(page, /id="reason"[^>]*aria-invalid="true"/);
  });

  it("tells an empty inbox from a search without a match", () => {
    assert.match(shownInbox({ rows: [], matching: 0, total: 0 }), /All done/);
    assert.match(shownInbox({ rows: [], matching: 0, query: "x" }), /Nothing found.*Show all/);
  });

  it("has a page no larger for 10,000 requests than for 100", () => {
    const size = (all: number): number => inboxPage(inbox({ person: ANA, rows: rows(50), matching: all, total: all }), english).length;
    assert.ok(size(10_000) < size(100) + 100);
  });
});
