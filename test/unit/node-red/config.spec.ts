import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { Fault } from "../../../nodes/lib/base/fault.ts";
import { sameSecret } from "../../../nodes/lib/base/secret.ts";
import { type AddressList, Configuration } from "../../../nodes/lib/node-red/config.ts";
import { maskedEndpoint, webhookUrl } from "../../../nodes/lib/node-red/webhook-url.ts";
import { admits, clientAddress, type WebhookAccess } from "../../../nodes/webhook-in/access.ts";
import { FailedCalls } from "../../../nodes/webhook-in/failed-calls.ts";

function fault(code: string, params: Record<string, string>): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual([error.code, error.params], [code, params]);
    return true;
  };
}

const invalid = fault("CONFIG_INVALID", { property: "p" });
const unset = fault("ENV_UNSET", { name: "SOME_NAME" });
const of = (p: unknown): Configuration => new Configuration({ p });

describe("the configuration of a node", () => {
  it("reads text without the blanks around it, and the fallback for nothing", () => {
    assert.equal(of(" a b \n").text("p"), "a b");
    assert.equal(of(17).text("p"), "17");
    for (const nothing of [undefined, null, ""]) assert.equal(of(nothing).text("p", "fallback"), "fallback");
    assert.equal(new Configuration({}).text("p"), "");
  });

  it("reads numbers, also as text", () => {
    for (const value of [2.5, "2.5", " 2.5 ", "25e-1"]) assert.equal(of(value).number("p", 1), 2.5);
    assert.equal(of("").number("p", 7), 7);
    assert.equal(of(undefined).number("p", 7), 7);
    assert.equal(of("0").number("p", 7), 0);
  });

  it("refuses what is no number, and what is too small", () => {
    for (const value of ["ten", "1,5", "Infinity", "NaN", {}, "-1", "1 2"])
      assert.throws(() => of(value).number("p", 1), invalid, String(value));
    assert.throws(() => of("0.01").number("p", 1, 0.1), invalid);
  });

  it("reads booleans, also as text", () => {
    for (const value of [true, "true", "TRUE", "1", 1, "yes", "on"]) assert.equal(of(value).flag("p"), true, String(value));
    for (const value of [false, "false", "0", 0, "no", "Off", "", undefined, null]) assert.equal(of(value).flag("p"), false, String(value));
    for (const value of ["maybe", "2", {}]) assert.throws(() => of(value).flag("p"), invalid, String(value));
  });

  it("reads a choice, the first where there is none", () => {
    assert.equal(of("b").choice("p", ["a", "b"]), "b");
    assert.equal(of("").choice("p", ["a", "b"]), "a");
    for (const value of ["c", "A", "a,b", "constructor"]) assert.throws(() => of(value).choice("p", ["a", "b"]), invalid, value);
  });

  it("reads lists: as such, as JSON, and as text", () => {
    for (const value of [["a", " b "], '["a","b"]', "a,b", "a; b", "a\nb\n", " a , , b ,"])
      assert.deepEqual(of(value).list("p"), ["a", "b"], String(value));
    for (const value of [undefined, "", "[]", [], " , "]) assert.deepEqual(of(value).list("p"), [], String(value));
    assert.deepEqual(of([1, 2]).list("p"), ["1", "2"]);
    assert.throws(() => of('["a"').list("p"), invalid);
  });

  it("names the variable that is not set, whatever is read", () => {
    const config = of("${SOME_NAME}");
    for (const read of [
      () => config.text("p"),
      () => config.number("p", 1),
      () => config.flag("p"),
      () => config.choice("p", ["a"]),
      () => config.list("p"),
      () => config.addresses("p"),
      () => config.raw("p"),
      () => of(["a", "${SOME_NAME}"]).list("p"),
    ]) {
      assert.throws(read, unset);
    }
    assert.equal(of("not only ${SOME_NAME}").text("p"), "not only ${SOME_NAME}");
  });

  it("hands over as it stands what is read elsewhere", () => {
    const rules = [{ name: "r" }];
    assert.equal(of(rules).raw("p"), rules);
    assert.equal(of("[]").raw("p"), "[]");
    assert.equal(of(undefined).raw("p"), undefined);
  });
});

describe("a list of addresses", () => {
  const list = (...entries: string[]): AddressList => of(entries).addresses("p");

  it("has single addresses and ranges, of both families", () => {
    const some = list("192.0.2.7", "10.1.0.0/16", "2001:db8::/32", "::1");
    for (const inside of ["192.0.2.7", "10.1.0.0", "10.1.255.255", "2001:db8:1::5", "2001:DB8::1", "::1"])
      assert.ok(some.has(inside), inside);
    for (const outside of ["192.0.2.8", "10.2.0.0", "10.0.255.255", "2001:db9::1", "::2", "127.0.0.1"])
      assert.ok(!some.has(outside), outside);
  });

  it("takes an IPv4 address that IPv6 carries for what it is", () => {
    assert.ok(list("10.1.0.0/16").has("::ffff:10.1.2.3"));
    assert.ok(list("10.1.0.0/16").has("::FFFF:10.1.2.3"));
    assert.ok(!list("10.1.0.0/16").has("::ffff:10.2.2.3"));
    assert.ok(list("fe80::/10").has("fe80::1%eth0"));
  });

  it("holds nothing that is no address", () => {
    const all = list("0.0.0.0/0", "::/0");
    for (const text of ["", "localhost", "10.1", "10.0.0.256", "1.2.3.4, 5.6.7.8"]) assert.ok(!all.has(text), text);
    assert.ok(all.has("203.0.113.1") && all.has("2001:db8::1"));
  });

  it("knows that it is empty", () => {
    assert.ok(list().isEmpty);
    assert.ok(!list().has("10.0.0.1"));
    assert.ok(!list("10.0.0.1").isEmpty);
  });

  it("refuses what is neither an address nor a range", () => {
    for (const entry of [
      "localhost",
      "10.0.0",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/-1",
      "10.0.0.0/8x",
      "::/129",
      "10.0.0.0/255.0.0.0",
      "10.0.0.0/8/8",
    ]) {
      assert.throws(() => list(entry), invalid, entry);
    }
  });
});

/** Of a request, what is read here. */
function request(remoteAddress: string | undefined, headers: Record<string, string> = {}, url = "/hook"): IncomingMessage {
  return { socket: { remoteAddress }, headers, url } as unknown as IncomingMessage;
}

describe("the address of a caller", () => {
  const trusted = of(["10.0.0.0/8", "::1"]).addresses("p");
  const from = (remote: string | undefined, forwarded?: string): string =>
    clientAddress(request(remote, forwarded === undefined ? {} : { "x-forwarded-for": forwarded }), trusted);

  it("is the peer's when nobody trusted says otherwise", () => {
    assert.equal(from("192.0.2.1"), "192.0.2.1");
    assert.equal(from("192.0.2.1", "203.0.113.9"), "192.0.2.1");
    assert.equal(from("10.0.0.1"), "10.0.0.1");
    assert.equal(from(undefined, "203.0.113.9"), "");
  });

  it("is the rightmost that no trusted proxy has", () => {
    assert.equal(from("10.0.0.1", "203.0.113.9"), "203.0.113.9");
    assert.equal(from("::1", "203.0.113.9, 10.0.0.2"), "203.0.113.9");
    assert.equal(from("10.0.0.1", "198.51.100.1, 203.0.113.9,10.0.0.2"), "203.0.113.9");
    assert.equal(from("::ffff:10.0.0.1", "203.0.113.9"), "203.0.113.9");
  });

  it("is the proxy's where it says nothing of use", () => {
    assert.equal(from("10.0.0.1", ""), "10.0.0.1");
    assert.equal(from("10.0.0.1", " , "), "10.0.0.1");
    assert.equal(from("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.1");
  });

  it("has neither brackets nor a port", () => {
    assert.equal(from("10.0.0.1", "[2001:db8::5]:443"), "2001:db8::5");
    assert.equal(from("10.0.0.1", "[2001:db8::5]"), "2001:db8::5");
    assert.equal(from("10.0.0.1", "203.0.113.9:51000"), "203.0.113.9");
  });
});

describe("a secret", () => {
  it("is the same only when it is equal, and never when there is none", () => {
    assert.ok(sameSecret("s3cret", "s3cret"));
    for (const given of ["", "s3cre", "s3crett", "S3cret", "s3cret "]) assert.ok(!sameSecret(given, "s3cret"), given);
    assert.ok(!sameSecret("", ""));
    assert.ok(sameSecret("pä$$ 🔑", "pä$$ 🔑"));
  });
});

describe("who may come in", () => {
  const none = of([]).addresses("p");
  const door = (auth: WebhookAccess["auth"], allowFrom = none): WebhookAccess => ({
    auth,
    allowFrom,
    trustedProxies: none,
    failedCalls: new FailedCalls(),
  });
  const secret = door({ kind: "secret", secret: "s3cret/+ä" });
  const basic = door({ kind: "basic", username: "abiquo", password: "p:w" });
  const authorization = (text: string, scheme = "Basic"): Record<string, string> => ({
    authorization: `${scheme} ${Buffer.from(text).toString("base64")}`,
  });

  it("has the secret in the path or in the query", () => {
    const encoded = encodeURIComponent("s3cret/+ä");
    assert.equal(admits(secret, request("192.0.2.1"), encoded), 200);
    assert.equal(admits(secret, request("192.0.2.1", {}, `/hook?a=b&secret=${encoded}`), ""), 200);
  });

  it("has not another one, none, or one in a wrong place", () => {
    const encoded = encodeURIComponent("s3cret/+ä");
    assert.equal(admits(secret, request("192.0.2.1"), ""), 401);
    assert.equal(admits(secret, request("192.0.2.1"), "other"), 401);
    assert.equal(admits(secret, request("192.0.2.1"), "%zz"), 401);
    assert.equal(admits(secret, request("192.0.2.1", {}, "/hook?secret="), ""), 401);
    assert.equal(admits(secret, request("192.0.2.1", {}, `/hook/other?secret=${encoded}`), "other"), 401);
    assert.equal(admits(secret, request("192.0.2.1", authorization("abiquo:s3cret/+ä")), ""), 401);
  });

  it("has user and password by Basic", () => {
    assert.equal(admits(basic, request("192.0.2.1", authorization("abiquo:p:w")), ""), 200);
    assert.equal(admits(basic, request("192.0.2.1", authorization("abiquo:p:w", "basic")), ""), 200);
    for (const headers of [
      {},
      authorization("abiquo:p"),
      authorization("other:p:w"),
      authorization("abiquo"),
      authorization(":"),
      authorization("abiquo:p:w", "Bearer"),
      { authorization: "Basic" },
    ]) {
      assert.equal(admits(basic, request("192.0.2.1", headers), ""), 401, JSON.stringify(headers));
    }
  });

  it("finds nothing below the path where the path holds no secret", () => {
    assert.equal(admits(door({ kind: "none" }), request("192.0.2.1"), ""), 200);
    assert.equal(admits(door({ kind: "none" }), request("192.0.2.1"), "below"), 404);
    assert.equal(admits(basic, request("192.0.2.1", authorization("abiquo:p:w")), "below"), 404);
    assert.equal(admits(basic, request("192.0.2.1"), "below"), 401);
  });

  it("is looked at before what is brought along", () => {
    const allowFrom = of(["10.0.0.0/8"]).addresses("p");
    const auth = { kind: "secret", secret: "s" } as const;
    assert.equal(admits(door(auth, allowFrom), request("192.0.2.1"), "s"), 403);
    assert.equal(admits(door(auth, allowFrom), request("10.0.0.5"), "s"), 200);
    assert.equal(admits(door(auth, allowFrom), request("10.0.0.5"), "x"), 401);
    assert.equal(admits(door(auth, allowFrom), request(undefined), "s"), 403);
  });
});

describe("the URL of a webhook", () => {
  const base = "https://flows.example.com/red";

  it("holds the root, the path and the secret", () => {
    const auth = { kind: "secret", secret: "a/b+c ?#ä" } as const;
    const url = new URL(webhookUrl(base, "/abiquo/workflow", auth));
    assert.equal(url.origin, "https://flows.example.com");
    const segments = url.pathname.split("/");
    assert.deepEqual(segments.slice(0, -1), ["", "red", "abiquo", "workflow"]);
    assert.equal(decodeURIComponent(segments.at(-1) ?? ""), "a/b+c ?#ä");
    assert.equal(url.search + url.hash, "");
  });

  it("is one that lets its caller in", () => {
    const auth = { kind: "secret", secret: "%41 a/b" } as const;
    const rest = new URL(webhookUrl(base, "hook", auth)).pathname.split("/").at(-1) ?? "";
    const none = of([]).addresses("p");
    assert.equal(admits({ auth, allowFrom: none, trustedProxies: none, failedCalls: new FailedCalls() }, request("192.0.2.1"), rest), 200);
  });

  it("holds user and password for Basic", () => {
    const url = new URL(webhookUrl(base, "hook", { kind: "basic", username: "a:b@", password: "p/w@%" }));
    assert.deepEqual([url.username, url.password].map(decodeURIComponent), ["a:b@", "p/w@%"]);
    assert.equal(url.host + url.pathname, "flows.example.com/red/hook");
  });

  it("holds no more than the path where nothing is asked for", () => {
    assert.equal(webhookUrl(base, "/hook", { kind: "none" }), "https://flows.example.com/red/hook");
  });

  it("cannot be told without a public address, or with one that is none", () => {
    const property = fault("CONFIG_INVALID", { property: "publicUrl" });
    assert.throws(() => webhookUrl("", "/hook", { kind: "none" }), property);
    assert.throws(() => webhookUrl("flows.example.com", "/hook", { kind: "none" }), property);
  });
});

describe("an endpoint that is shown", () => {
  const paths = ["/abiquo/workflow", "/hook", "own/path"];
  const masked = (endpoint: string): string => maskedEndpoint(endpoint, paths);

  it("hides whatever stands behind the path of a webhook, at whatever root", () => {
    for (const [endpoint, shown] of [
      ["https://flows.example.com/red/hook/short", "https://flows.example.com/red/hook/***"],
      ["https://flows.example.com/red/hook/only-letters-and-long", "https://flows.example.com/red/hook/***"],
      ["https://flows.example.com/hook/secret/more", "https://flows.example.com/hook/***"],
      ["https://flows.example.com/abiquo/workflow/pw", "https://flows.example.com/abiquo/workflow/***"],
      ["https://flows.example.com/own/path/a/b", "https://flows.example.com/own/path/***"],
      ["https://flows.example.com/red/hook", "https://flows.example.com/red/hook"],
      ["https://example.com/abiquo/workflow", "https://example.com/abiquo/workflow"],
    ] as const) {
      assert.equal(masked(endpoint), shown);
    }
  });

  it("hides user, password, query and fragment of any", () => {
    assert.equal(masked("https://u:p@example.com/a?x=1#y"), "https://***:***@example.com/a?***#***");
  });

  it("shows of a path that is nobody's no more than its first part, and that only when it looks like no secret", () => {
    assert.equal(masked("https://example.com/tickets/letmein"), "https://example.com/tickets/***");
    assert.equal(masked("https://example.com/hooks/letmein"), "https://example.com/hooks/***");
    assert.equal(masked("https://example.com/integrationendpoint"), "https://example.com/integrationendpoint");
    assert.equal(masked("https://example.com/a1b2c3d4e5f6a7b8"), "https://example.com/***");
    assert.equal(masked("https://example.com/"), "https://example.com/");
  });

  it("is what it is when it is no address, and nothing when it may hold a secret all the same", () => {
    for (const text of ["", "not set"]) assert.equal(masked(text), text);
    for (const text of ["flows.example.com/hook/secret", "flows.example.com:1880/hook/secret", "user:secret@flows", "ftp://u:p@host/x"])
      assert.equal(masked(text), "***");
  });
});
