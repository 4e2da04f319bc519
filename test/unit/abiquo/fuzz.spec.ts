import assert from "node:assert/strict";
import fc from "fast-check";
import { apiBase, parseWebhook, rebase } from "../../../nodes/lib/abiquo/index.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";

const BASE = apiBase("https://cloud.example.com/api");
const OWN = /^https:\/\/cloud\.example\.com\/api\/(cloud|admin)\/[A-Za-z0-9._~/-]+$/;

const id = fc.stringMatching(/^[a-z0-9-]{1,36}$/);
const hostile = fc.constantFrom(
  "http://evil.example/api/",
  "//evil.example/",
  "https://user:password@evil.example/",
  "../../",
  "cloud/%2e%2e/",
  "cloud/..%2f",
  "javascript:",
  "http://evil.example\\@cloud.example.com/",
  "\u0000cloud/",
  "cloud/ \n",
  "file:///",
  "",
);
const path = fc
  .tuple(fc.oneof(fc.constantFrom("", "/", "/api/", "api/", "http://10.0.0.4/api/"), hostile), id, id, id)
  .map(([prefix, vdc, vm, task]) => `${prefix}cloud/virtualdatacenters/${vdc}/virtualappliances/1/virtualmachines/${vm}/tasks/${task}`);
const href = fc.oneof({ weight: 3, arbitrary: path }, hostile, fc.string(), fc.webUrl());
const rel = fc.constantFrom("self", "continue", "cancel", "target", "user", "virtualmachine", "parent", "__proto__");
const link = fc.record({ rel, href, type: fc.string(), title: fc.string() }, { requiredKeys: ["rel", "href"] });
const anything = fc.anything({ maxDepth: 3, withNullPrototype: false });
const task = fc.record(
  {
    taskId: fc.oneof(id, fc.string(), fc.integer(), anything),
    type: fc.oneof(fc.constantFrom("DEPLOY", "UNDEPLOY", "RECONFIGURE"), anything),
    state: anything,
    userId: anything,
    creationTimestamp: fc.oneof(fc.integer(), fc.double(), anything),
    jobs: anything,
    links: fc.oneof(fc.array(link, { maxLength: 6 }), anything),
  },
  { requiredKeys: [] },
);
/** A task whose links agree, so that bodies are not only refused. */
const sound = fc.tuple(id, id, fc.constantFrom("", "/", "/api/", "http://evil.example/x/api/")).map(([taskId, vm, prefix]) => {
  const self = `${prefix}cloud/virtualdatacenters/1/virtualappliances/1/virtualmachines/${vm}/tasks/${taskId}`;
  return {
    taskId,
    type: "DEPLOY",
    links: [
      { rel: "self", href: self },
      { rel: "user", href: `${prefix}admin/enterprises/1/users/2` },
    ],
  };
});
const json = fc
  .oneof(sound, task, fc.record({ collection: fc.array(fc.oneof(sound, task, anything), { maxLength: 5 }) }), anything)
  .map((value) => JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "");
const text = fc.string().map((raw) => raw.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`));
const xmlTask = fc
  .tuple(
    fc.oneof(id, text),
    fc.array(
      fc.tuple(
        rel,
        href.map((raw) => raw.replace(/[<>&"]/g, "")),
      ),
    ),
    text,
  )
  .map(
    ([taskId, links, extra]) =>
      `<task><taskId>${taskId}</taskId>${links.map(([name, to]) => `<link rel="${name}" href="${to}"/>`).join("")}<jobs><job><id>${extra}</id></job></jobs></task>`,
  );
const xml = fc.oneof(
  xmlTask,
  fc.array(xmlTask, { maxLength: 4 }).map((tasks) => `<?xml version="1.0"?><tasks>${tasks.join("")}</tasks>`),
  fc.tuple(fc.constantFrom("<!DOCTYPE t [<!ENTITY a 'b'>]>", "<![CDATA[", "<?pi ?>", "<a><b></a>"), xmlTask).map((parts) => parts.join("")),
);
/** A body as it is, cut short, doubled, or with a byte changed. */
const body = fc
  .tuple(fc.oneof(json, xml, fc.string()), fc.constantFrom("whole", "cut", "changed", "doubled"), fc.nat())
  .map(([written, how, where]) => {
    const bytes = Buffer.from(written);
    if (how === "cut") return bytes.subarray(0, where % (bytes.length + 1));
    if (how === "changed" && bytes.length > 0) bytes[where % bytes.length] = where & 0xff;
    return how === "doubled" ? Buffer.concat([bytes, bytes]) : bytes;
  });

/** The thing itself, or undefined where it is refused as it should be: by a Fault. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

describe("bodies and links of any kind", function () {
  this.timeout(120_000);

  it("are taken or refused, never crash, and lead nowhere but below the connection's URL", () => {
    let taken = 0;
    fc.assert(
      fc.property(body, (bytes) => {
        const read = unlessRefused(() => parseWebhook(bytes, BASE));
        for (const { links } of read?.tasks ?? []) {
          taken++;
          for (const to of Object.values(links)) assert.ok(to === "" || OWN.test(to), to);
        }
      }),
      { numRuns: 12_000 },
    );
    assert.ok(taken > 250, `only ${taken} tasks were taken`);
  });

  it("never lead a link elsewhere", () => {
    fc.assert(
      fc.property(href, (to) => {
        const own = unlessRefused(() => rebase(to, BASE));
        if (own !== undefined) {
          assert.match(own, OWN);
          assert.equal(new URL(own).href, own);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
