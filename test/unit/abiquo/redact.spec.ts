import assert from "node:assert/strict";
import { inspect } from "node:util";
import fc from "fast-check";
import type { Credentials } from "../../../nodes/lib/abiquo/index.ts";
import { redactor } from "../../../nodes/lib/abiquo/redact.ts";
import { OAUTH, rejection, serve, type TestServer } from "./support.ts";

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
const everyOctet = (text: string): string =>
  [...Buffer.from(text, "utf8")].map((octet) => `%${octet.toString(16).padStart(2, "0")}`).join("");

/** Ways in which somebody quotes a secret that he was sent. */
const WAYS: Record<string, (secret: string) => string> = {
  "as it is": (secret) => secret,
  "percent-encoded": encodeURIComponent,
  "with every octet encoded, in lower case": everyOctet,
  "as in a form": (secret) => new URLSearchParams({ a: secret }).toString().slice(2),
  "in Base64": base64,
  "in Base64 without padding": (secret) => base64(secret).replaceAll("=", ""),
  "in Base64 for URLs": (secret) => Buffer.from(secret, "utf8").toString("base64url"),
  "in Base64 in a URL": (secret) => encodeURIComponent(base64(secret)),
  "in Base64 behind one octet": (secret) => base64(`u${secret}`),
  "in Base64 behind two octets": (secret) => base64(`u:${secret}`),
  "in Base64 between others": (secret) => base64(`user:${secret}:more`),
};

describe("a text of somebody else's", () => {
  for (const secret of ["hunter2-swordfish", "a/b+c=d e&f", "contraseña ñ 😀", "0123456789abcdef0123456789abcdef", "$(.*)[x]\\^|{2}-"]) {
    for (const [name, write] of Object.entries(WAYS)) {
      it(`loses the secret ${secret} ${name}, and nothing else`, () => {
        const quoted = write(secret);
        const text = redactor([secret])(`Before ${quoted} after`);
        assert.match(text, /^Before .*\*\*\*.* after$/);
        for (const [other, way] of Object.entries(WAYS)) assert.ok(!text.includes(way(secret)), `${other}: ${text}`);
        // What is left of Base64 tells no part of it that is worth having.
        const rest = text
          .replace(/^Before | after$/g, "")
          .split("***")
          .map((piece) => Buffer.from(piece, "base64").toString("latin1"));
        for (const piece of rest) assert.ok(!piece.includes(Buffer.from(secret, "utf8").toString("latin1").slice(1, -1)), text);
      });
    }
  }

  it("loses every secret, however often and in whatever order", () => {
    const secrets = fc.uniqueArray(fc.string({ minLength: 4, maxLength: 20 }), { minLength: 1, maxLength: 4 });
    const way = fc.constantFrom(...Object.values(WAYS).slice(0, 8));
    fc.assert(
      fc.property(secrets, fc.array(fc.tuple(fc.nat(3), way), { minLength: 1, maxLength: 6 }), (all, quotes) => {
        const written = quotes.map(([index, write]) => write(all[index % all.length] ?? ""));
        const text = redactor(all)(written.join(" # "));
        for (const secret of all) assert.ok(!text.replaceAll("***", "\u0000").includes(secret) || "***".includes(secret), text);
      }),
    );
  });

  it("goes whole where a secret is so short that its place would tell it", () => {
    assert.equal(redactor(["abc"])("User x has xabcx"), "***");
    assert.equal(redactor(["abc"])(`Basic ${base64("abc")}`), "***");
    assert.equal(redactor(["abc"])("Nothing of it"), "Nothing of it");
  });

  it("keeps its words where a name is short, and all of it where there is no secret", () => {
    assert.equal(redactor([], ["an"])("An analysis by an"), "An analysis by an");
    assert.equal(redactor([""], [""])("As it is"), "As it is");
  });
});

describe("what Abiquo quotes of a request", () => {
  let server: TestServer;
  let quote: (authorization: string, body: string) => string;
  let inXml: boolean;

  beforeEach(async () => {
    inXml = false;
    server = await serve(({ headers, body, method }) => {
      if (method === "GET") return { body: { collection: [] } };
      const message = quote(String(headers.authorization), body);
      const escaped = message.replace(/[<>&"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
      return inXml
        ? { status: 409, body: `<errors><error><code>GEN-1</code><message>${escaped}</message></error></errors>` }
        : { status: 409, body: { collection: [{ code: "GEN-1", message }] } };
    });
  });
  afterEach(() => server.close());

  const told = (error: unknown): string => [inspect(error, { depth: 12, showHidden: true }), JSON.stringify(error)].join("\n");

  const ways: { credentials: Credentials; secrets: string[] }[] = [
    { credentials: OAUTH, secrets: [OAUTH.consumerSecret, OAUTH.accessTokenSecret, OAUTH.accessToken] },
    { credentials: { kind: "basic", username: "workflow", password: "p&ss <w>'rd" }, secrets: ["p&ss <w>'rd"] },
    { credentials: { kind: "bearer", token: "eyJh.eyJz-_.c2ln" }, secrets: ["eyJh.eyJz-_.c2ln"] },
  ];
  for (const { credentials, secrets } of ways) {
    for (const form of ["JSON", "XML"]) {
      it(`holds no secret in its ${form}: ${credentials.kind}`, async () => {
        inXml = form === "XML";
        for (const secret of secrets) {
          quote = (authorization) => [`Refused ${authorization}`, ...Object.values(WAYS).map((write) => write(secret))].join(" ");
          const fault = await rejection(server.client({ credentials }).continueTask(`${server.origin}/api/cloud/x`, ""));
          assert.match(String(fault.params["errors"]), /^GEN-1 Refused .*\*\*\*/);
          for (const [name, write] of Object.entries(WAYS)) assert.ok(!told(fault).includes(write(secret)), `${name}: ${told(fault)}`);
        }
      });
    }
  }

  it("is cut only then, so that no half of a secret is left", async () => {
    quote = () => `${"x".repeat(490)}${OAUTH.consumerSecret}`;
    const fault = await rejection(server.client().continueTask(`${server.origin}/api/cloud/x`, ""));
    assert.ok(!told(fault).includes(OAUTH.consumerSecret.slice(0, 5)));
  });

  it("holds no secret of the proxy, nor of the webhook's address that it was to be given", async () => {
    const proxied = server.client({ proxy: { url: "http://ana:pr%20xypass@127.0.0.1:9", noProxy: ["127.0.0.1"] } });
    quote = () => `pr xypass ${base64("ana:pr xypass")}`;
    const byProxy = await rejection(proxied.continueTask(`${server.origin}/api/cloud/x`, ""));
    quote = (_authorization, body) => `Not a good value: ${body}`;
    const endpoint = "https://user:hooks-word@flows.example.com/red/hook/webhook-s%20cret?key=query-secret";
    const byAddress = await rejection(server.client().setPlatformWorkflow({ endpoint }));
    assert.match(String(byAddress.params["errors"]), /Not a good value.*flows\.example\.com/);
    for (const secret of ["pr xypass", base64("ana:pr xypass"), "hooks-word", "webhook-s", "query-secret"])
      assert.ok(!told([byProxy, byAddress]).includes(secret), secret);
  });
});
