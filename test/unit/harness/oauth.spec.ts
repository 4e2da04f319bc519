import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type OAuthProblem, OAuthVerifier } from "../../harness/oauth.ts";

const SECRETS = { consumer: "demo/consumer+secret=", token: "demo/token+secret=" };
const NOW = 1_700_000_000_000;

/** RFC 5849 worked out by hand for a base string written in full, so that both sides cannot share one mistake. */
function sign(base: string, { consumer, token } = SECRETS): string {
  const key = `${encodeURIComponent(consumer)}&${encodeURIComponent(token)}`;
  return createHmac("sha1", key).update(base).digest("base64");
}

function request(method: string, url: string, values: Record<string, string>): IncomingMessage {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
  return { method, url, headers: { host: "cloud.example.com", authorization: `OAuth ${pairs.join(", ")}` } } as unknown as IncomingMessage;
}

function values(nonce = "n1", timestamp = NOW / 1000): Record<string, string> {
  return {
    oauth_consumer_key: "key",
    oauth_nonce: nonce,
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(timestamp),
    oauth_token: "token",
    oauth_version: "1.0",
  };
}

function signed(nonce?: string, timestamp?: number, secrets = SECRETS): IncomingMessage {
  const all = values(nonce, timestamp);
  const parameters = Object.entries(all)
    .map(([name, value]) => `${name}%3D${value}`)
    .join("%26");
  const signature = sign(`POST&http%3A%2F%2Fcloud.example.com%2Fapi%2Fa&${parameters}`, secrets);
  return request("POST", "/api/a", { ...all, oauth_signature: signature });
}

function problem(verifier: OAuthVerifier, message: IncomingMessage, now = NOW): OAuthProblem["reason"] | undefined {
  return verifier.problem(message, (key, token) => (key === "key" && token === "token" ? SECRETS : undefined), now)?.reason;
}

describe("OAuth verification of the simulator", () => {
  it("accepts the worked example of OAuth Core 1.0, appendix A.5", () => {
    const message = {
      method: "GET",
      url: "/photos?file=vacation.jpg&size=original",
      headers: {
        host: "photos.example.net",
        authorization:
          'OAuth realm="http://photos.example.net/", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", ' +
          'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D", oauth_timestamp="1191242096", oauth_nonce="kllo9940pd9333jh", oauth_version="1.0"',
      },
    } as unknown as IncomingMessage;
    const secrets = { consumer: "kd94hf93k423kf44", token: "pfkkdhi9sl3r4s00" };
    assert.equal(
      new OAuthVerifier().problem(message, () => secrets, 1_191_242_096_000),
      undefined,
    );
  });

  it("accepts secrets that hold / + =", () => {
    assert.equal(problem(new OAuthVerifier(), signed()), undefined);
  });

  it("refuses a signature made with secrets that were encoded before", () => {
    const encoded = { consumer: encodeURIComponent(SECRETS.consumer), token: encodeURIComponent(SECRETS.token) };
    assert.equal(problem(new OAuthVerifier(), signed("n1", NOW / 1000, encoded)), "signature");
  });

  it("refuses a signature with one byte changed", () => {
    const message = signed();
    const header = message.headers.authorization ?? "";
    message.headers.authorization = header.replace(
      /(oauth_signature=")(.)/,
      (_all, start: string, first: string) => start + (first === "A" ? "B" : "A"),
    );
    assert.equal(problem(new OAuthVerifier(), message), "signature");
  });

  it("refuses another method or another path under the same signature", () => {
    for (const change of [{ method: "GET" }, { url: "/api/b" }, { url: "/api/a?x=1" }]) {
      assert.equal(problem(new OAuthVerifier(), Object.assign(signed(), change)), "signature");
    }
  });

  it("refuses a nonce that was used before, and takes the next one", () => {
    const verifier = new OAuthVerifier();
    assert.equal(problem(verifier, signed("n1")), undefined);
    assert.equal(problem(verifier, signed("n1")), "nonce used before");
    assert.equal(problem(verifier, signed("n2")), undefined);
  });

  it("a refused signature does not use its nonce up", () => {
    const verifier = new OAuthVerifier();
    assert.equal(problem(verifier, Object.assign(signed("n1"), { method: "GET" })), "signature");
    assert.equal(problem(verifier, signed("n1")), undefined);
  });

  it("takes a timestamp at the edge of five minutes, and none beyond", () => {
    for (const side of [-1, 1]) {
      assert.equal(problem(new OAuthVerifier(), signed("n1", NOW / 1000 + side * 300)), undefined);
      assert.equal(problem(new OAuthVerifier(), signed("n1", NOW / 1000 + side * 301)), "timestamp");
    }
  });

  it("refuses a timestamp that is no number", () => {
    assert.equal(problem(new OAuthVerifier(), signed("n1", Number.NaN)), "timestamp");
  });

  it("signs query parameters, sorted after encoding", () => {
    const all = values();
    const parameters = Object.entries(all)
      .map(([name, value]) => `${name}%3D${value}`)
      .join("%26");
    const query = "has%3Dana%2520ruiz%26limit%3D5";
    const base = `GET&http%3A%2F%2Fcloud.example.com%2Fapi%2Fa&${query}%26${parameters}`;
    const message = request("GET", "/api/a?limit=5&has=ana%20ruiz", { ...all, oauth_signature: sign(base) });
    assert.equal(problem(new OAuthVerifier(), message), undefined);
  });

  it("refuses another signature method and an unknown token", () => {
    const other = request("POST", "/api/a", { ...values(), oauth_signature_method: "PLAINTEXT" });
    assert.equal(problem(new OAuthVerifier(), other), "signature method");
    const stranger = request("POST", "/api/a", { ...values(), oauth_token: "stranger" });
    assert.equal(problem(new OAuthVerifier(), stranger), "unknown key or token");
  });

  describe("tells who learns to sign which mistake they made, with both base strings", () => {
    const BASE = (address: string, query = ""): string => {
      const parameters = Object.entries(values())
        .map(([name, value]) => `${name}%3D${value}`)
        .join("%26");
      return `GET&${encodeURIComponent(address)}&${query === "" ? "" : `${query}%26`}${parameters}`;
    };
    const QUERY = "has%3Dana%2520ruiz";
    const RIGHT = BASE("http://cloud.example.com/api/a", QUERY);

    for (const [mistake, signature, sent] of [
      ["query left out", sign(BASE("http://cloud.example.com/api/a")), BASE("http://cloud.example.com/api/a")],
      [
        "scheme or port of another address",
        sign(BASE("https://cloud.example.com/api/a", QUERY)),
        BASE("https://cloud.example.com/api/a", QUERY),
      ],
      ["path without the base path", sign(BASE("http://cloud.example.com/a", QUERY)), BASE("http://cloud.example.com/a", QUERY)],
      [
        "parameters not encoded twice",
        sign(BASE("http://cloud.example.com/api/a", "has%3Dana%20ruiz")),
        BASE("http://cloud.example.com/api/a", "has%3Dana%20ruiz"),
      ],
      [
        "plus for a blank",
        sign(BASE("http://cloud.example.com/api/a", "has%3Dana%2Bruiz")),
        BASE("http://cloud.example.com/api/a", "has%3Dana%2Bruiz"),
      ],
      ["secrets not encoded", createHmac("sha1", `${SECRETS.consumer}&${SECRETS.token}`).update(RIGHT).digest("base64"), RIGHT],
      ["token secret left out", sign(RIGHT, { consumer: SECRETS.consumer, token: "" }), RIGHT],
      ["method not signed as sent", sign(RIGHT.replace(/^GET/, "POST")), RIGHT.replace(/^GET/, "POST")],
    ] as const) {
      it(mistake, () => {
        const message = request("GET", "/api/a?has=ana%20ruiz", { ...values(), oauth_signature: signature });
        const found = new OAuthVerifier().problem(message, () => SECRETS, NOW);
        assert.deepEqual(found, { reason: "signature", expected: RIGHT, sent, mistake });
      });
    }

    it("and none where no known mistake makes that signature", () => {
      const message = request("GET", "/api/a?has=ana%20ruiz", { ...values(), oauth_signature: sign("something else") });
      assert.deepEqual(
        new OAuthVerifier().problem(message, () => SECRETS, NOW),
        { reason: "signature", expected: RIGHT },
      );
    });
  });
});
