import type { SimulatedAbiquo } from "../harness/index.ts";

type Credentials = SimulatedAbiquo["credentials"]["oauth"];

/**
 * webhook-in wired to continue: the palette's shortest flow.
 *
 * @param storeUrl of a PostgreSQL; the store is a file without one
 */
export function paletteFlow(
  apiUrl: string,
  oauth: Credentials,
  storeUrl?: string,
): { flows: object[]; credentials: Record<string, Record<string, string>> } {
  const store = storeUrl === undefined ? "" : "store";
  return {
    flows: [
      { id: "tab", type: "tab", label: "Palette" },
      { id: "config", type: "abiquo-config", name: "Abiquo", url: apiUrl, apiVersion: "6.1", auth: "oauth1", timeout: 30, store },
      ...(storeUrl === undefined ? [] : [{ id: "store", type: "abiquo-store", engine: "postgres" }]),
      {
        id: "hook",
        type: "abiquo-webhook-in",
        z: "tab",
        connection: "config",
        path: "/hook",
        auth: "none",
        emit: "task",
        maxBody: 16,
        wires: [["continue"]],
      },
      { id: "continue", type: "abiquo-continue", z: "tab", connection: "config", wires: [[], []] },
    ],
    credentials: { config: { ...oauth }, ...(storeUrl === undefined ? {} : { store: { url: storeUrl } }) },
  };
}

/** The same job from core nodes, as an integrator writes it by hand: http in, a function that signs, http request. */
export function coreFlow(apiUrl: string, oauth: Credentials): object[] {
  const sign = `
    const { createHmac, randomBytes } = crypto;
    const enc = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
    const body = typeof msg.payload === "string" ? JSON.parse(msg.payload) : Buffer.isBuffer(msg.payload) ? JSON.parse(msg.payload.toString()) : msg.payload;
    const tasks = body.collection || [body];
    node.send([{ req: msg.req, res: msg.res, payload: { accepted: tasks.length } }, null]);
    for (const task of tasks) {
      const href = task.links.find((link) => link.rel === "continue").href;
      const url = ${JSON.stringify(apiUrl)} + "/" + href.slice(href.indexOf("cloud/"));
      const params = {
        oauth_consumer_key: ${JSON.stringify(oauth.consumerKey)}, oauth_token: ${JSON.stringify(oauth.accessToken)},
        oauth_nonce: randomBytes(16).toString("hex"), oauth_signature_method: "HMAC-SHA1",
        oauth_timestamp: String(Math.floor(Date.now() / 1000)), oauth_version: "1.0",
      };
      const query = Object.keys(params).sort().map((name) => enc(name) + "=" + enc(params[name])).join("&");
      const base = ["POST", enc(url), enc(query)].join("&");
      const key = enc(${JSON.stringify(oauth.consumerSecret)}) + "&" + enc(${JSON.stringify(oauth.accessTokenSecret)});
      params.oauth_signature = createHmac("sha1", key).update(base).digest("base64");
      const header = "OAuth " + Object.keys(params).map((name) => name + '="' + enc(params[name]) + '"').join(", ");
      node.send([null, { method: "POST", url, headers: { Authorization: header, "Content-Type": "text/plain" }, payload: "Continued by core nodes." }]);
    }
    return null;`;
  return [
    { id: "tab", type: "tab", label: "Core nodes" },
    { id: "in", type: "http in", z: "tab", url: "/hook", method: "post", wires: [["sign"]] },
    {
      id: "sign",
      type: "function",
      z: "tab",
      func: sign,
      outputs: 2,
      libs: [{ var: "crypto", module: "crypto" }],
      wires: [["out"], ["request"]],
    },
    { id: "out", type: "http response", z: "tab", statusCode: "200", wires: [] },
    { id: "request", type: "http request", z: "tab", method: "use", ret: "txt", url: "", persist: true, wires: [[]] },
  ];
}
