import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "./abiquo.ts";
import { headerParameters, type OAuthProblem, OAuthVerifier } from "./oauth.ts";
import { PRIVILEGES, type Privilege } from "./world/privileges.ts";
import { type User, WORKFLOW_USER } from "./world/world.ts";

/** `abiquo.api.login.maxtries` and `abiquo.api.login.failurelapse` (ms) */
const MAX_TRIES = 3;
const LAPSE = 60_000;
/** How long the token of a session counts, in ms (Abiquo wiki, "Authentication"). */
const SESSION = 30 * 60_000;

interface Token {
  readonly consumerSecret: string;
  readonly tokenSecret: string;
  readonly user: string;
  /** ms since the epoch */
  readonly until: number;
  /** what its application may do; everything its user may when it names nothing */
  readonly privileges: readonly Privilege[];
}

/** Tells who a request comes from: OAuth 1.0a, Basic, Bearer or the token of a session. Three bad logins within a minute lock that user. */
export class SignIn {
  readonly #abiquo: SimulatedAbiquo;
  readonly #verifier = new OAuthVerifier();
  readonly #passwords = new Map<string, string>();
  readonly #tokens = new Map<string, Token>();
  readonly #limits = new WeakMap<IncomingMessage, readonly Privilege[]>();
  readonly #failures = new Map<string, number[]>();
  readonly #sessions = new Map<string, { readonly nick: string; readonly until: number }>();

  constructor(abiquo: SimulatedAbiquo) {
    this.#abiquo = abiquo;
    const { oauth, basic } = abiquo.credentials;
    this.addToken(oauth.consumerKey, oauth.consumerSecret, oauth.accessToken, oauth.accessTokenSecret, WORKFLOW_USER);
    this.#passwords.set(basic.username, basic.password);
    if (abiquo.options.userPasswords === false) return;
    for (const { nick } of abiquo.world.users) if (!this.#passwords.has(nick)) this.#passwords.set(nick, `${nick}-password`);
  }

  addToken(
    consumerKey: string,
    consumerSecret: string,
    token: string,
    tokenSecret: string,
    user: string,
    { until = Number.POSITIVE_INFINITY, privileges = [] }: Partial<Pick<Token, "until" | "privileges">> = {},
  ): void {
    this.#tokens.set(`${consumerKey}\n${token}`, { consumerSecret, tokenSecret, user, until, privileges });
  }

  setPassword(nick: string, password: string): void {
    this.#passwords.set(nick, password);
  }

  /** A token that stands for this user's sign-in, as `X-Abiquo-Token` gives it (4.2 and later). */
  openSession(nick: string): string {
    for (const [old, { until }] of this.#sessions) if (until <= this.#abiquo.now) this.#sessions.delete(old);
    const token = randomUUID();
    this.#sessions.set(token, { nick, until: this.#abiquo.now + SESSION });
    return token;
  }

  /** Whether somebody has a session that still counts. */
  isConnected(nick: string): boolean {
    for (const session of this.#sessions.values()) if (session.nick === nick && session.until > this.#abiquo.now) return true;
    return false;
  }

  /** Makes a token invalid, as its expiry does. */
  revoke(consumerKey: string, token: string): void {
    this.#tokens.delete(`${consumerKey}\n${token}`);
  }

  /** The user who asks; undefined = 401. */
  userOf(request: IncomingMessage): User | undefined {
    if (this.#abiquo.options.verifyAuth === false) return this.#user(WORKFLOW_USER);
    const { nick, problem, oauth } = this.#attempt(request);
    const refuse = (why: string): undefined => {
      this.#abiquo.noteRefusal(request, { problem: why, ...(oauth === undefined ? {} : { oauth }) });
      return undefined;
    };
    if (nick !== undefined && this.isLocked(nick)) return refuse(`the user ${nick} is locked out`);
    if (problem === undefined) return this.#user(nick ?? "") ?? refuse(`the user ${nick} may not sign in`);
    if (nick !== undefined) this.#failures.set(nick, [...(this.#failures.get(nick) ?? []), this.#abiquo.now]);
    return refuse(problem);
  }

  /** What this user may do by this request: an application may do no more than it was registered for. */
  privilegesOf(request: IncomingMessage, user: User): readonly Privilege[] {
    if (this.#abiquo.options.verifyAuth === false) return PRIVILEGES;
    const own = this.#abiquo.world.roles.get(user.role)?.privileges ?? [];
    const limit = this.#limits.get(request) ?? [];
    return limit.length === 0 ? own : own.filter((privilege) => limit.includes(privilege));
  }

  /** The parameters of a request that is signed with these secrets; undefined when it is not. */
  signedParameters(
    request: IncomingMessage,
    secretsOf: (key: string, token: string) => { consumer: string; token: string } | undefined,
  ): Map<string, string> | undefined {
    const problem = this.#verifier.problem(request, secretsOf, this.#abiquo.now);
    if (problem === undefined) return headerParameters(request.headers.authorization ?? "");
    this.#abiquo.noteRefusal(request, { problem: `OAuth: ${problem.reason}`, oauth: problem });
    return undefined;
  }

  isLocked(nick: string): boolean {
    const recent = (this.#failures.get(nick) ?? []).filter((at) => this.#abiquo.now - at < LAPSE);
    this.#failures.set(nick, recent);
    return recent.length >= MAX_TRIES;
  }

  /** Ends the lock-out of one user, or of all, as an administrator does. */
  unlock(nick?: string): void {
    if (nick === undefined) this.#failures.clear();
    else this.#failures.delete(nick);
  }

  #user(nick: string): User | undefined {
    const user = this.#abiquo.world.userNamed(nick);
    return user?.active === true ? user : undefined;
  }

  /** Whose login this is, as far as it names somebody there is, and what is wrong with it. */
  #attempt(request: IncomingMessage): { nick: string | undefined; problem: string | undefined; oauth?: OAuthProblem } {
    const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(/ (.*)/s);
    switch (scheme.toLowerCase()) {
      case "basic": {
        const [nick = "", password = ""] = Buffer.from(value, "base64").toString("utf8").split(/:(.*)/s);
        const expected = this.#passwords.get(nick);
        return {
          nick: expected === undefined ? undefined : nick,
          problem: same(expected, password) ? undefined : "Basic: user or password",
        };
      }
      case "bearer": {
        const isRight = same(this.#abiquo.credentials.bearer, value);
        return { nick: isRight ? WORKFLOW_USER : undefined, problem: isRight ? undefined : "Bearer: token" };
      }
      case "token": {
        const session = this.#sessions.get(value);
        const isRight = session !== undefined && session.until > this.#abiquo.now;
        return { nick: isRight ? session.nick : undefined, problem: isRight ? undefined : "Token: unknown or expired" };
      }
      case "oauth":
        return this.#oauth(request);
      default:
        return { nick: undefined, problem: "no credentials" };
    }
  }

  #oauth(request: IncomingMessage): { nick: string | undefined; problem: string | undefined; oauth?: OAuthProblem } {
    let known: Token | undefined;
    const secretsOf = (key: string, token: string): { consumer: string; token: string } | undefined => {
      const found = this.#tokens.get(`${key}\n${token}`);
      if (found === undefined || found.until < this.#abiquo.now) return undefined;
      known = found;
      return { consumer: found.consumerSecret, token: found.tokenSecret };
    };
    const oauth = this.#verifier.problem(request, secretsOf, this.#abiquo.now);
    if (oauth !== undefined) return { nick: known?.user, problem: `OAuth: ${oauth.reason}`, oauth };
    if (known !== undefined) this.#limits.set(request, known.privileges);
    return { nick: known?.user, problem: undefined };
  }
}

function same(expected: string | undefined, given: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return expected !== undefined && timingSafeEqual(digest(expected), digest(given));
}
