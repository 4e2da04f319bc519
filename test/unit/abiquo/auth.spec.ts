import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { authorizer } from "../../../nodes/lib/abiquo/index.ts";
import { OAUTH } from "./support.ts";

const URL_ = "https://cloud.example.com/api/cloud/virtualdatacenters/1";

/** What an OAuth header says, decoded. */
function parametersOf(header: string): Record<string, string> {
  assert.match(header, /^OAuth /);
  const pairs = [...header.slice("OAuth ".length).matchAll(/([a-z_]+)="([^"]*)"(?:, |$)/g)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, decodeURIComponent(value)]));
}

/** RFC 5849 section 3.6, character by character. */
function encode(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

/** RFC 5849 sections 3.4.1 and 3.4.2, apart from any library. */
function signatureOf(
  method: string,
  url: string,
  header: Record<string, string>,
  query: [string, string][],
  secrets: [string, string],
): string {
  const all = [...Object.entries(header).filter(([name]) => name !== "oauth_signature"), ...query];
  const encoded = all.map(([name, value]) => [encode(name), encode(value)] as const);
  encoded.sort((a, b) => (a[0] === b[0] ? (a[1] < b[1] ? -1 : 1) : a[0] < b[0] ? -1 : 1));
  const base = [method, url, encoded.map(([name, value]) => `${name}=${value}`).join("&")].map(encode).join("&");
  return createHmac("sha1", secrets.map(encode).join("&")).update(base).digest("base64");
}

function checkSignature(
  method: string,
  url: string,
  query: [string, string][],
  secrets: [string, string] = [OAUTH.consumerSecret, OAUTH.accessTokenSecret],
): void {
  const credentials = { ...OAUTH, consumerSecret: secrets[0], accessTokenSecret: secrets[1] };
  const written = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  const header = parametersOf(authorizer(credentials)(method, written === "" ? url : `${url}?${written}`));
  assert.equal(header["oauth_signature"], signatureOf(method, url, header, query, secrets));
}

describe("an OAuth 1.0a signature", () => {
  it("says who signs, and how", () => {
    const before = Math.floor(Date.now() / 1000);
    const { oauth_signature, oauth_nonce, oauth_timestamp, ...rest } = parametersOf(authorizer(OAUTH)("GET", URL_));
    assert.deepEqual(rest, {
      oauth_consumer_key: "the-key",
      oauth_token: "the-token",
      oauth_signature_method: "HMAC-SHA1",
      oauth_version: "1.0",
    });
    assert.ok(oauth_signature !== undefined && oauth_nonce !== undefined);
    assert.ok(Number(oauth_timestamp) >= before && Number(oauth_timestamp) <= Date.now() / 1000);
  });

  it("is that of RFC 5849 for every method", () => {
    for (const method of ["GET", "POST", "PUT"]) checkSignature(method, URL_, []);
  });

  it("covers the query, sorted after encoding", () => {
    checkSignature("GET", URL_, [
      ["startwith", "0"],
      ["limit", "100"],
      ["has", "ana ruiz"],
    ]);
    checkSignature("GET", URL_, [
      ["has", "é+ñ/&=%"],
      ["z", ""],
      ["a", "!'()*~"],
    ]);
    checkSignature("GET", URL_, [
      ["a-b", "1"],
      ["a", "2"],
      ["a.b", "3"],
      ["A", "4"],
    ]);
  });

  it("is right with secrets of any characters", () => {
    for (const secret of ["a/b+c=", "%2F", "a&b", "é 😀", "!'()*~-._", ""]) checkSignature("POST", URL_, [], [secret, `${secret}2`]);
  });

  it("agrees with the worked example of the OAuth specification", () => {
    // OAuth Core 1.0, appendix A.5: everything given, so the signature is known.
    const query: [string, string][] = [
      ["file", "vacation.jpg"],
      ["size", "original"],
    ];
    const header = {
      oauth_consumer_key: "dpf43f3p2l4k3l03",
      oauth_token: "nnch734d00sl2jdk",
      oauth_signature_method: "HMAC-SHA1",
      oauth_timestamp: "1191242096",
      oauth_nonce: "kllo9940pd9333jh",
      oauth_version: "1.0",
    };
    assert.equal(
      signatureOf("GET", "http://photos.example.net/photos", header, query, ["kd94hf93k423kf44", "pfkkdhi9sl3r4s00"]),
      "tR3+Ty81lMeYAr/Fid0kMTYa/WM=",
    );
  });

  it("has a nonce that comes once and cannot be foreseen", () => {
    const random = Math.random;
    const sign = authorizer(OAUTH);
    try {
      Math.random = () => 0.5;
      const nonces = Array.from({ length: 5_000 }, () => parametersOf(sign("GET", URL_))["oauth_nonce"] ?? "");
      assert.equal(new Set(nonces).size, nonces.length);
      for (const nonce of nonces.slice(0, 50)) assert.ok(nonce.length >= 16);
    } finally {
      Math.random = random;
    }
  });
});

describe("other ways to sign in", () => {
  it("Basic encodes user and password in UTF-8", () => {
    const header = authorizer({ kind: "basic", username: "josé", password: "p:ä/+=" })("GET", URL_);
    assert.equal(header, `Basic ${Buffer.from("josé:p:ä/+=", "utf8").toString("base64")}`);
  });

  it("Bearer sends the token as it is", () => {
    assert.equal(authorizer({ kind: "bearer", token: "ey.a.b" })("GET", URL_), "Bearer ey.a.b");
  });
});
