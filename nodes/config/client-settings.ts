import { isDeepStrictEqual } from "node:util";
import type { Node, NodeAPI } from "node-red";
import { apiBase, type ClientSettings, type Credentials } from "../lib/abiquo/index.ts";
import { Fault } from "../lib/base/fault.ts";
import { isObject } from "../lib/base/json.ts";
import { sameSecret } from "../lib/base/secret.ts";
import type { Configuration } from "../lib/node-red/config.ts";

/** What the core nodes tls-config and http proxy offer. */
interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}
interface ProxyNode extends Omit<Node, "credentials"> {
  url?: string;
  noproxy?: string[];
  credentials?: { username?: string; password?: string };
}

/**
 * The settings of the client from those of the connection.
 *
 * @throws Fault ENV_UNSET, CONFIG_INVALID, ABIQUO_BAD_URL
 */
export function clientSettings(RED: NodeAPI, config: Configuration, secrets: Configuration): ClientSettings {
  const tls = nodeOfType<TlsNode>(RED, config, "tls", "tls-config");
  const proxy = proxyOf(RED, config);
  const apiVersion = config.text("apiVersion");
  if (apiVersion !== "" && !/^\d+\.\d+$/.test(apiVersion)) throw new Fault("CONFIG_INVALID", { property: "apiVersion" });
  return {
    base: apiBase(config.text("url")),
    apiVersion,
    credentials: credentialsOf(config, secrets),
    timeoutMs: config.number("timeout", 30, 0.1) * 1000,
    ...(tls === undefined ? {} : { tls: tls.addTLSOptions({}) }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** Whether both sign in at the same place, in the same way, and with the same secrets. */
export function isSameAccess(one: ClientSettings, other: ClientSettings): boolean {
  const wayOf = ({ base, tls, proxy }: ClientSettings): unknown => [base, tls, proxy];
  return isDeepStrictEqual(wayOf(one), wayOf(other)) && sameSecret(JSON.stringify(one.credentials), JSON.stringify(other.credentials));
}

/**
 * The config node that a property names; undefined when there is none.
 *
 * @throws Fault CONFIG_INVALID when it is of another type, whose secrets are none of ours
 */
function nodeOfType<Found extends object>(RED: NodeAPI, config: Configuration, property: string, type: string): Found | undefined {
  const node: unknown = RED.nodes.getNode(config.text(property));
  if (!isObject(node)) return undefined;
  if (node["type"] !== type) throw new Fault("CONFIG_INVALID", { property });
  return node as unknown as Found;
}

function credentialsOf(config: Configuration, secrets: Configuration): Credentials {
  const required = (name: string, value = secrets.text(name)): string => {
    if (value === "") throw new Fault("CREDENTIAL_MISSING", { name });
    return value;
  };
  switch (config.choice("auth", ["oauth1", "basic", "bearer"])) {
    case "basic":
      return {
        kind: "basic",
        username: required("username", secrets.secret("username")),
        password: required("password", secrets.secret("password")),
      };
    case "bearer":
      return { kind: "bearer", token: required("bearerToken") };
    case "oauth1":
      return {
        kind: "oauth1",
        consumerKey: required("consumerKey"),
        consumerSecret: required("consumerSecret"),
        accessToken: required("accessToken"),
        accessTokenSecret: required("accessTokenSecret"),
      };
  }
}

/** In the order of the core request node: the proxy node, the settings, the environment. */
function proxyOf(RED: NodeAPI, config: Configuration): ClientSettings["proxy"] {
  const node = nodeOfType<ProxyNode>(RED, config, "proxy", "http proxy");
  if (node?.url) {
    const { username, password } = node.credentials ?? {};
    return {
      url: node.url,
      noProxy: node.noproxy ?? [],
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
    };
  }
  const isSecure = config.text("url").toLowerCase().startsWith("https:");
  const fromSettings = (RED.settings as { proxyOptions?: { env?: Record<string, string> } }).proxyOptions?.env ?? {};
  const variable = (name: string): string | undefined =>
    fromSettings[name] || fromSettings[name.toUpperCase()] || process.env[name] || process.env[name.toUpperCase()];
  const url = variable(isSecure ? "https_proxy" : "http_proxy");
  if (!url) return undefined;
  return {
    url,
    noProxy: (variable("no_proxy") ?? "")
      .split(",")
      .map((host) => host.trim())
      .filter(Boolean),
  };
}
