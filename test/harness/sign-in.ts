import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "./abiquo.ts";
import { OAuthVerifier } from "./oauth.ts";
import { type User, WORKFLOW_USER } from "./world.ts";

/** `abiquo.api.login.maxtries` and `abiquo.api.login.failurelapse` (ms) */
const MAX_TRIES = 3;
const LAPSE = 60_000;

/** Tells who a request comes from: OAuth 1.0a, Basic or Bearer. Three bad logins within a minute lock the user. */
export class SignIn {
  readonly #abiquo: SimulatedAbiquo;
  readonly #verifier = new OAuthVerifier();
  readonly #passwords = new Map<string, string>();
  readonly #tokens = new Map<string, { consumerSecret: string; tokenSecret: string; user: string }>();
  #failures: number[] = [];

  constructor(abiquo: SimulatedAbiquo) {
    this.#abiquo = abiquo;
    const { oauth, basic } = abiquo.credentials;
    this.addToken(oauth.consumerKey, oauth.consumerSecret, oauth.accessToken, oauth.accessTokenSecret, WORKFLOW_USER);
    this.#passwords.set(basic.username, basic.password);
    for (const { nick } of abiquo.world.users) if (!this.#passwords.has(nick)) this.#passwords.set(nick, `${nick}-password`);
  }

  addToken(consumerKey: string, consumerSecret: string, token: string, tokenSecret: string, user: string): void {
    this.#tokens.set(`${consumerKey}\n${token}`, { consumerSecret, tokenSecret, user });
  }

  /** Makes a token invalid, as its expiry does. */
  revoke(consumerKey: string, token: string): void {
    this.#tokens.delete(`${consumerKey}\n${token}`);
  }

  /** The user who asks; undefined = 401. */
  userOf(request: IncomingMessage): User | undefined {
    if (this.#abiquo.options.verifyAuth === false) return this.#user(WORKFLOW_USER);
    const now = Date.now();
    this.#failures = this.#failures.filter((at) => now - at < LAPSE);
    if (this.#failures.length >= MAX_TRIES) return undefined;
    const nick = this.#nickOf(request);
    if (nick === undefined) this.#failures.push(now);
    return nick === undefined ? undefined : this.#user(nick);
  }

  /** Ends the lock-out, as an administrator does. */
  unlock(): void {
    this.#failures = [];
  }

  #user(nick: string): User | undefined {
    return this.#abiquo.world.users.find((user) => user.nick === nick);
  }

  #nickOf(request: IncomingMessage): string | undefined {
    const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(/ (.*)/s);
    switch (scheme.toLowerCase()) {
      case "basic": {
        const [nick = "", password = ""] = Buffer.from(value, "base64").toString("utf8").split(/:(.*)/s);
        return same(this.#passwords.get(nick), password) ? nick : undefined;
      }
      case "bearer":
        return same(this.#abiquo.credentials.bearer, value) ? WORKFLOW_USER : undefined;
      case "oauth": {
        let user: string | undefined;
        const secretsOf = (key: string, token: string): { consumer: string; token: string } | undefined => {
          const known = this.#tokens.get(`${key}\n${token}`);
          user = known?.user;
          return known === undefined ? undefined : { consumer: known.consumerSecret, token: known.tokenSecret };
        };
        return this.#verifier.problem(request, secretsOf, this.#abiquo.now) === undefined ? user : undefined;
      }
      default:
        return undefined;
    }
  }
}

function same(expected: string | undefined, given: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return expected !== undefined && timingSafeEqual(digest(expected), digest(given));
}
