import type { Node, NodeAPI } from "node-red";
import { apiBase, type ClientSettings, type Credentials } from "../abiquo/index.ts";
import { Fault } from "../fault.ts";
import type { Configuration } from "./config.ts";

/** What the core nodes tls-config and http proxy offer. */
interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}
interface ProxyNode extends Node {
  url?: string;
  noproxy?: string[];
  credentials: { username?: string; password?: string };
}

/**
 * The settings of the client from those of the connection.
 *
 * @throws Fault ENV_UNSET, CONFIG_INVALID, ABIQUO_BAD_URL
 */
export function clientSettings(RED: NodeAPI, config: Configuration, secrets: Configuration): ClientSettings {
  const tls = RED.nodes.getNode(config.text("tls")) as TlsNode | null;
  const proxy = proxyOf(RED, config);
  const apiVersion = config.text("apiVersion");
  if (apiVersion !== "" && !/^\d+\.\d+$/.test(apiVersion)) throw new Fault("CONFIG_INVALID", { property: "apiVersion" });
  return {
    base: apiBase(config.text("url")),
    apiVersion,
    credentials: credentialsOf(config, secrets),
    timeoutMs: config.number("timeout", 30, 0.1) * 1000,
    ...(tls ? { tls: tls.addTLSOptions({}) } : {}),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

function credentialsOf(config: Configuration, secrets: Configuration): Credentials {
  const required = (name: string): string => {
    const value = secrets.text(name);
    if (value === "") throw new Fault("CREDENTIAL_MISSING", { name });
    return value;
  };
  switch (config.choice("auth", ["oauth1", "basic", "bearer"])) {
    case "basic":
      return { kind: "basic", username: required("username"), password: required("password") };
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
  const node = RED.nodes.getNode(config.text("proxy")) as ProxyNode | null;
  if (node?.url) {
    const { username, password } = node.credentials;
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
  return { url, noProxy: (variable("no_proxy") ?? "").split(",").map((host) => host.trim()).filter(Boolean) };
}
