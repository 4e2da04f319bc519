// What a workflow connector costs at the least: node:http and undici, every task continued, nothing kept.

import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import OAuth from "oauth-1.0a";
import { Pool } from "undici";

interface Task {
  readonly links: readonly { readonly rel: string; readonly href: string }[];
}

const { apiUrl, consumerKey, consumerSecret, accessToken, accessTokenSecret } = JSON.parse(process.argv[2] ?? "{}") as Record<
  string,
  string
>;
const api = new URL(apiUrl ?? "");
const pool = new Pool(api.origin, { connections: 32 });
const oauth = new OAuth({
  consumer: { key: consumerKey ?? "", secret: consumerSecret ?? "" },
  signature_method: "HMAC-SHA1",
  hash_function: (text, key) => createHmac("sha1", key).update(text).digest("base64"),
});
oauth.getNonce = () => randomBytes(16).toString("hex");
const token = { key: accessToken ?? "", secret: accessTokenSecret ?? "" };

async function answer(task: Task): Promise<void> {
  const href = task.links.find(({ rel }) => rel === "continue")?.href ?? "";
  const url = `${apiUrl}/${href.slice(href.indexOf("cloud/"))}`;
  const { Authorization } = oauth.toHeader(oauth.authorize({ url, method: "POST" }, token));
  const { body } = await pool.request({
    path: new URL(url).pathname,
    method: "POST",
    headers: { Authorization, "Content-Type": "text/plain" },
    body: "Continued by the bare connector.",
  });
  await body.dump();
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as Task & { collection?: Task[] };
    const tasks = body.collection ?? [body];
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ accepted: tasks.length }));
    for (const task of tasks) void answer(task);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
