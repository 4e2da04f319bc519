import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import OAuth from "oauth-1.0a";
import { type AbiquoOptions, type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

interface Pair {
  readonly key: string;
  readonly secret: string;
}

interface Application {
  readonly id: number;
  readonly apiKey: string;
  readonly apiSecret: string;
}

let abiquo: SimulatedAbiquo;

const BEARER = { Authorization: "Bearer demo-bearer-token" };

function signed(path: string, consumer: Pair, token?: Pair, data: Record<string, string> = {}, method = "GET"): Promise<Response> {
  const oauth = new OAuth({
    consumer,
    signature_method: "HMAC-SHA1",
    hash_function: (base, key) => createHmac("sha1", key).update(base).digest("base64"),
  });
  const url = abiquo.url + path;
  const { Authorization } = oauth.toHeader(oauth.authorize({ url, method, data }, token));
  return fetch(url, { method, headers: { Authorization } });
}

async function register(body: object = {}): Promise<Application> {
  const user = (await (await fetch(`${abiquo.url}/login`, { headers: BEARER })).json()) as { links: { rel: string; href: string }[] };
  const url = user.links.find(({ rel }) => rel === "applications")?.href ?? "";
  const headers = { ...BEARER, "Content-Type": "application/vnd.abiquo.application+json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ name: "connector", ...body }) });
  assert.equal(response.status, 201);
  return (await response.json()) as Application;
}

async function pairOf(response: Response): Promise<Pair> {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const form = new URLSearchParams(text);
  return { key: form.get("oauth_token") ?? "", secret: form.get("oauth_token_secret") ?? "" };
}

function authorize(token: string, headers: Record<string, string> = BEARER): Promise<Response> {
  return fetch(`${abiquo.url}/oauth/authorize?oauth_token=${token}`, { headers, redirect: "manual" });
}

const consumerOf = ({ apiKey, apiSecret }: Application): Pair => ({ key: apiKey, secret: apiSecret });
const requestToken = async (consumer: Pair): Promise<Pair> =>
  pairOf(await signed("/oauth/request_token", consumer, undefined, { oauth_callback: "oob" }));
const verifierOf = (response: Response): string => (response.headers.get("location") ?? "").split("oauth_verifier=")[1] ?? "";

async function access(application: Application): Promise<Pair> {
  const token = await requestToken(consumerOf(application));
  const verifier = verifierOf(await authorize(token.key));
  return pairOf(await signed("/oauth/access_token", consumerOf(application), token, { oauth_verifier: verifier }));
}

async function start(options: AbiquoOptions = {}): Promise<void> {
  abiquo = await startAbiquo(options);
}

describe("OAuth registration of the simulator", () => {
  afterEach(() => abiquo.close());

  it("gives an application its keys, and by them an access token that works", async () => {
    await start();
    const application = await register();
    const token = await access(application);
    assert.equal((await signed("/login", consumerOf(application), token)).status, 200);
  });

  it("tells which application an access token belongs to, and nobody else's", async () => {
    await start();
    const application = await register();
    const token = await access(application);
    const response = await fetch(`${abiquo.url}/admin/enterprises/1/users/1/applications?oauth_token=${token.key}`, { headers: BEARER });
    const { collection } = (await response.json()) as { collection: Application[] };
    assert.deepEqual(
      collection.map(({ id }) => id),
      [application.id],
    );
    assert.equal((await fetch(`${abiquo.url}/admin/enterprises/2/users/2/applications`, { headers: BEARER })).status, 403);
  });

  it("redirects with the verifier at the end, and asks for the user's own login", async () => {
    await start();
    const consumer = consumerOf(await register());
    const token = await requestToken(consumer);
    const response = await authorize(token.key);
    assert.equal(response.status, 302);
    assert.match(response.headers.get("location") ?? "", /[?&]oauth_verifier=[\w-]+$/);
    assert.equal((await authorize(token.key, {})).status, 401);
    const { oauth } = abiquo.credentials;
    const byApplication = signed(
      `/oauth/authorize?oauth_token=${token.key}`,
      { key: oauth.consumerKey, secret: oauth.consumerSecret },
      { key: oauth.accessToken, secret: oauth.accessTokenSecret },
    );
    assert.equal((await byApplication).status, 401);
    assert.equal((await authorize("unknown")).status, 401);
  });

  it("refuses a request token without callback, of an unknown application, or with a wrong signature", async () => {
    await start();
    const consumer = consumerOf(await register());
    assert.equal((await signed("/oauth/request_token", consumer)).status, 400);
    assert.equal((await signed("/oauth/request_token", { ...consumer, key: "other" }, undefined, { oauth_callback: "oob" })).status, 401);
    assert.equal(
      (await signed("/oauth/request_token", { ...consumer, secret: "other" }, undefined, { oauth_callback: "oob" })).status,
      401,
    );
  });

  it("refuses an access token before the user agreed, with a wrong verifier, and a second time", async () => {
    await start();
    const consumer = consumerOf(await register());
    const token = await requestToken(consumer);
    const ask = async (verifier: string): Promise<number> =>
      (await signed("/oauth/access_token", consumer, token, { oauth_verifier: verifier })).status;
    assert.equal(await ask("guessed"), 401);
    const verifier = verifierOf(await authorize(token.key));
    assert.equal(await ask("guessed"), 401);
    assert.equal(await ask(verifier), 200);
    assert.equal(await ask(verifier), 401);
  });

  it("an access token ends after its validity; those of the examples do not", async () => {
    await start({ accessTokenValidityMs: 300 });
    const application = await register();
    const token = await access(application);
    assert.equal((await signed("/login", consumerOf(application), token)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 320));
    assert.equal((await signed("/login", consumerOf(application), token)).status, 401);
    const { oauth } = abiquo.credentials;
    assert.equal(
      (
        await signed(
          "/login",
          { key: oauth.consumerKey, secret: oauth.consumerSecret },
          { key: oauth.accessToken, secret: oauth.accessTokenSecret },
        )
      ).status,
      200,
    );
  });

  it("0 lets an access token count for ever", async () => {
    await start({ accessTokenValidityMs: 0 });
    const application = await register();
    const token = await access(application);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await signed("/login", consumerOf(application), token)).status, 200);
  });

  it("removes the access with the application", async () => {
    await start();
    const application = await register();
    const token = await access(application);
    const url = `${abiquo.url}/admin/enterprises/1/users/1/applications/${application.id}`;
    assert.equal((await fetch(url, { method: "DELETE", headers: BEARER })).status, 204);
    assert.equal((await fetch(url, { headers: BEARER })).status, 404);
    assert.equal((await signed("/login", consumerOf(application), token)).status, 401);
  });

  it("lets an application do no more than the privileges it names", async () => {
    await start({ webhook: "http://127.0.0.1:1/" });
    const { collection } = (await (await fetch(`${abiquo.url}/config/privileges`, { headers: BEARER })).json()) as {
      collection: { name: string; links: { href: string }[] }[];
    };
    const privilege = (wanted: string): object => ({
      rel: "privilege",
      href: collection.find(({ name }) => name === wanted)?.links[0]?.href,
    });
    const [task] = abiquo.hold();
    const path = `/cloud/virtualdatacenters/${task?.virtualDatacenter}/virtualappliances/${task?.virtualAppliance}/virtualmachines/${task?.virtualMachine}/tasks/${task?.taskId}/action/continue`;
    const weak = await register({ links: [privilege("AUTHENTICATED")] });
    assert.equal((await signed(path, consumerOf(weak), await access(weak), {}, "POST")).status, 403);
    const able = await register({ links: [privilege("AUTHENTICATED"), privilege("WORKFLOW_OVERRIDE")] });
    assert.equal((await signed(path, consumerOf(able), await access(able), {}, "POST")).status, 204);
  });
});
