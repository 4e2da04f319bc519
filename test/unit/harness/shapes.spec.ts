import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Furnished, formOf, furnish } from "./furnished.ts";
import { mediaType } from "./support.ts";

/** One exchange. Links are written as `relation: media type, other attributes`, since only their form is compared. */
interface Fixture {
  readonly request: string;
  /** name of the media type that is sent */
  readonly send?: string;
  readonly sendBody?: object;
  /** sends what this request answers */
  readonly sendBodyOf?: string;
  readonly status: number;
  readonly mediaType?: string;
  readonly body?: Record<string, unknown>;
  /** how many links there are, where the number says something */
  readonly links?: number;
}

/** One exchange in short: what is asked, and what the answer is told by. */
interface Exchange {
  readonly request: string;
  readonly as?: string;
  readonly accept?: string;
  readonly type?: string;
  readonly body?: object | string;
  readonly status: number;
  /** of the errors DTO */
  readonly code?: string;
  /** the answer, or each thing in it, has the form of this fixture's */
  readonly shape?: string;
  /** the fixture is of one thing, and the answer a list of such */
  readonly item?: true;
  /** keys of the answer, or of the first thing in it */
  readonly keys?: readonly string[];
  /** names of the elements of an answer in XML */
  readonly elements?: readonly string[];
  /** relations of the answer's own links, in order */
  readonly rels?: readonly string[];
  readonly empty?: true;
  readonly text?: true;
}

const HERE = join(process.cwd(), "test/unit/harness");
const fixtures = new Map(
  readdirSync(join(HERE, "fixtures")).map((name) => [
    name.replace(/\.json$/, ""),
    JSON.parse(readFileSync(join(HERE, "fixtures", name), "utf8")) as Fixture,
  ]),
);
const exchanges = JSON.parse(readFileSync(join(HERE, "exchanges.json"), "utf8")) as readonly Exchange[];

describe("Shapes of the simulated Abiquo are those of Abiquo 3.10", () => {
  let furnished: Furnished;
  beforeEach(async () => {
    furnished = await furnish();
  });
  afterEach(() => furnished.cloud.abiquo.close());

  function send(line: string, fixture?: Fixture, body?: string): Promise<Response> {
    const [method = "", path = ""] = furnished.filled(line).split(" ");
    return furnished.cloud.call(path, {
      method,
      ...(fixture?.mediaType === undefined ? {} : { accept: `${fixture.mediaType}; version=3.10` }),
      ...(fixture?.send === undefined ? {} : { type: `${fixture.send}+json; version=3.10` }),
      ...(body === undefined ? {} : { body }),
    });
  }

  for (const [name, fixture] of fixtures) {
    it(`${name}: ${fixture.request} is ${fixture.status}`, async () => {
      const source = fixture.sendBodyOf === undefined ? undefined : await (await send(fixture.sendBodyOf)).text();
      const body = source ?? (fixture.sendBody === undefined ? undefined : furnished.filled(JSON.stringify(fixture.sendBody)));
      const response = await send(fixture.request, fixture, body);
      const text = await response.text();
      assert.equal(response.status, fixture.status, text);
      if (fixture.mediaType === undefined) return assert.equal(text, "");
      assert.equal(response.headers.get("content-type"), `${fixture.mediaType}; version=3.10`);
      const actual = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual(formOf(actual), formOf(fixture.body));
      if (fixture.links !== undefined) assert.equal((actual["links"] as unknown[]).length, fixture.links);
    });
  }

  for (const exchange of exchanges) {
    const { request, as, accept, type, body, status, code } = exchange;
    const told = [as === undefined ? "" : `as ${as}`, accept ?? "", type === undefined ? "" : `sending ${type}`]
      .filter((part) => part !== "")
      .join(", ");
    it(`${request}${told === "" ? "" : ` (${told})`} is ${status}${code === undefined ? "" : ` ${code}`}`, async () => {
      const [method = "", path = ""] = furnished.filled(request).split(" ");
      const response = await furnished.cloud.call(path, {
        method,
        ...(as === undefined ? {} : { as }),
        ...(accept === undefined ? {} : { accept }),
        ...(type === undefined ? {} : { type }),
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      assert.equal(response.status, status, text);
      if (accept !== undefined && response.ok && text !== "") {
        const wanted = mediaType(accept);
        assert.equal(
          response.headers.get("content-type"),
          wanted.includes("version=") || wanted === "text/plain" ? wanted : `${wanted}; version=3.10`,
        );
      }
      check(exchange, text);
    });
  }
});

function check({ status, code, shape, item, keys, elements, rels, empty, text: isText }: Exchange, text: string): void {
  if (status === 204) return assert.equal(text, "");
  if (isText === true) return assert.match(text, /\S/);
  if (elements !== undefined)
    return assert.deepEqual([...new Set([...text.matchAll(/<([A-Za-z][\w-]*)/g)].map(([, name]) => name))].sort(), elements);
  const answer = JSON.parse(text) as { links?: { rel: string }[]; collection?: { code?: string }[] } & Record<string, unknown>;
  if (code !== undefined) return assert.equal(answer.collection?.[0]?.code, code);
  if (rels !== undefined)
    assert.deepEqual(
      answer.links?.map(({ rel }) => rel),
      rels,
    );
  if (empty === true) return assert.deepEqual(answer.collection, []);
  const things = answer.collection ?? [answer];
  assert.ok(things.length > 0, "the list is not empty");
  if (keys !== undefined) assert.deepEqual(Object.keys(things[0] ?? {}).sort(), keys);
  if (shape === undefined) return;
  const fixture = fixtures.get(shape)?.body ?? {};
  const expected = item === true ? fixture : ((fixture["collection"] as unknown[] | undefined)?.[0] ?? fixture);
  const told = (thing: unknown): unknown => (item === true ? Object.keys(thing as object).sort() : formOf(thing));
  for (const thing of things) assert.deepEqual(told(thing), told(expected));
}
