import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "./abiquo.ts";
import { encode } from "./oauth.ts";
import type { Privilege } from "./world/privileges.ts";
import { type User, WORKFLOW_USER } from "./world/world.ts";

/** `abiquo.oauth.requesttoken.validity` and `abiquo.oauth.accesstoken.validity`, in ms; 0 = no end */
const REQUEST_TOKEN_VALIDITY = 600_000;
const ACCESS_TOKEN_VALIDITY = 43_200_000;

/** An application that a user lets act for them. */
export interface Application {
  readonly id: number;
  readonly user: number;
  readonly name: string;
  readonly description: string | undefined;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** what it may do of all that its user may; everything when it names none */
  readonly privileges: readonly Privilege[];
}

interface RequestToken {
  readonly application: Application;
  readonly secret: string;
  readonly callback: string;
  readonly until: number;
  verifier?: string;
  user?: User;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Applications, and the three steps by which one gets an access token (RFC 5849, section 2). */
export class Registration {
  readonly #abiquo: SimulatedAbiquo;
  readonly #applications = new Map<number, Application>();
  readonly #requestTokens = new Map<string, RequestToken>();
  readonly #owners = new Map<string, number>();

  constructor(abiquo: SimulatedAbiquo) {
    this.#abiquo = abiquo;
    const { consumerKey, consumerSecret, accessToken } = abiquo.credentials.oauth;
    const user = abiquo.world.userNamed(WORKFLOW_USER);
    this.#add({
      id: 1,
      user: user?.id ?? 0,
      name: "Demo",
      description: "What the examples use",
      apiKey: consumerKey,
      apiSecret: consumerSecret,
      privileges: [],
    });
    this.#owners.set(accessToken, 1);
  }

  register(user: User, name: string, description: string | undefined, privileges: readonly Privilege[]): Application {
    const apiSecret = randomBytes(30).toString("base64");
    return this.#add({ id: this.#abiquo.world.nextId(), user: user.id, name, description, apiKey: randomUUID(), apiSecret, privileges });
  }

  /** @param token keeps only the one that this access token belongs to */
  of(user: number, token: string | null = null): Application[] {
    return [...this.#applications.values()].filter(
      (application) => application.user === user && (token === null || this.#owners.get(token) === application.id),
    );
  }

  remove(application: Application): void {
    this.#applications.delete(application.id);
    for (const [token, owner] of this.#owners) if (owner === application.id) this.#abiquo.signIn.revoke(application.apiKey, token);
  }

  /** One of the three steps; undefined when the path is none of them. */
  step(request: IncomingMessage, path: string, query: URLSearchParams): Answer | undefined {
    switch (path) {
      case "/oauth/request_token":
        return this.#requestToken(request);
      case "/oauth/authorize":
        return this.#authorize(request, query.get("oauth_token") ?? "");
      case "/oauth/access_token":
        return this.#accessToken(request);
      default:
        return undefined;
    }
  }

  #add(application: Application): Application {
    this.#applications.set(application.id, application);
    return application;
  }

  #requestToken(request: IncomingMessage): Answer {
    let application: Application | undefined;
    const parameters = this.#abiquo.signIn.signedParameters(request, (key, token) => {
      application = [...this.#applications.values()].find(({ apiKey }) => apiKey === key);
      return application === undefined || token !== "" ? undefined : { consumer: application.apiSecret, token: "" };
    });
    if (parameters === undefined || application === undefined) return refused();
    const callback = parameters.get("oauth_callback");
    if (callback === undefined)
      return { status: 400, headers: FORM, body: "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_callback" };
    const token = randomUUID();
    const secret = randomBytes(30).toString("base64");
    this.#requestTokens.set(token, { application, secret, callback, until: this.#abiquo.now + REQUEST_TOKEN_VALIDITY });
    return tokenForm(token, secret, { oauth_callback_confirmed: "true" });
  }

  /** Signed in as the user themselves: an application cannot let itself in. */
  #authorize(request: IncomingMessage, token: string): Answer {
    const isOAuth = /^oauth /i.test(request.headers.authorization ?? "");
    const user = isOAuth ? undefined : this.#abiquo.signIn.userOf(request);
    if (user === undefined) return refused();
    const asked = this.#requestTokens.get(token);
    if (asked === undefined || asked.until < this.#abiquo.now) return { status: 401, headers: FORM, body: "oauth_problem=token_rejected" };
    asked.verifier = randomUUID();
    asked.user = user;
    const target = asked.callback === "oob" ? `${this.#abiquo.url}/oauth/authorize` : asked.callback;
    // The verifier comes last: clients take all that stands behind its name.
    return {
      status: 302,
      headers: { Location: `${target}${target.includes("?") ? "&" : "?"}oauth_token=${encode(token)}&oauth_verifier=${asked.verifier}` },
    };
  }

  #accessToken(request: IncomingMessage): Answer {
    let asked: RequestToken | undefined;
    let name = "";
    const parameters = this.#abiquo.signIn.signedParameters(request, (key, token) => {
      name = token;
      asked = this.#requestTokens.get(token);
      if (asked === undefined || asked.application.apiKey !== key || asked.until < this.#abiquo.now) return undefined;
      return { consumer: asked.application.apiSecret, token: asked.secret };
    });
    if (parameters === undefined || asked?.user === undefined || parameters.get("oauth_verifier") !== asked.verifier) return refused();
    this.#requestTokens.delete(name);
    const { application, user } = asked;
    const token = randomUUID();
    const secret = randomBytes(30).toString("base64");
    const validity = this.#abiquo.options.accessTokenValidityMs ?? ACCESS_TOKEN_VALIDITY;
    const until = validity === 0 ? Number.POSITIVE_INFINITY : this.#abiquo.now + validity;
    this.#abiquo.signIn.addToken(application.apiKey, application.apiSecret, token, secret, user.nick, {
      until,
      privileges: application.privileges,
    });
    this.#owners.set(token, application.id);
    return tokenForm(token, secret);
  }
}

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

function tokenForm(token: string, secret: string, more: Record<string, string> = {}): Answer {
  return { status: 200, headers: FORM, body: new URLSearchParams({ oauth_token: token, oauth_token_secret: secret, ...more }).toString() };
}

function refused(): Answer {
  const headers = { "Content-Type": "text/html", "WWW-Authenticate": 'Basic realm="Abiquo API"' };
  return { status: 401, headers, body: "<html><body>Not signed in</body></html>" };
}
