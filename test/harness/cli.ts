#!/usr/bin/env node
import { randomBytes, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { type Credentials, startAbiquo } from "./abiquo.ts";
import { LANGUAGES } from "./page-texts.ts";

const HELP = `A simulated Abiquo, to build and test workflow flows without a cloud.

  abiquo-simulator [options]

  --port <n>        port to listen on (8009; 0 = any)
  --host <address>  address to listen on (127.0.0.1)
  --webhook <url>   where held tasks are posted (http://127.0.0.1:1880/abiquo/workflow)
  --format <f>      json or xml
  --shape <s>       auto, single or collection
  --links <l>       path, rooted or absolute
  --version <v>     version of Abiquo to be (6.1.2)
  --autorun <s>     ask for a deploy every so many seconds
  --lang <l>        language of the page, en or es (what the browser prefers)
  --seed <n>        which random faults come; the same seed, the same faults (1)
  --random-credentials
                    credentials of this run only, instead of those of the examples
  --help            this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8009" },
      host: { type: "string", default: "127.0.0.1" },
      webhook: { type: "string", default: "http://127.0.0.1:1880/abiquo/workflow" },
      format: { type: "string", default: "json" },
      shape: { type: "string", default: "auto" },
      links: { type: "string", default: "path" },
      version: { type: "string", default: "6.1.2" },
      autorun: { type: "string" },
      lang: { type: "string" },
      seed: { type: "string", default: "1" },
      "random-credentials": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const abiquo = await startAbiquo({
    port: number("port", values.port),
    host: values.host,
    webhook: values.webhook,
    format: oneOf("format", values.format, ["json", "xml"]),
    shape: oneOf("shape", values.shape, ["auto", "single", "collection"]),
    linkStyle: oneOf("links", values.links, ["path", "rooted", "absolute"]),
    version: values.version,
    autoAdvance: true,
    seed: number("seed", values.seed),
    ...(values.lang === undefined ? {} : { language: oneOf("lang", values.lang, LANGUAGES) }),
    ...(values["random-credentials"] ? { credentials: randomCredentials(), userPasswords: false } : {}),
  });
  const { oauth, basic, bearer } = abiquo.credentials;
  console.log(`Simulated Abiquo ${values.version}
  API       ${abiquo.url}
  page      ${abiquo.pageUrl}
  webhook   ${values.webhook}

  OAuth 1.0a  consumer key         ${oauth.consumerKey}
              consumer secret      ${oauth.consumerSecret}
              access token         ${oauth.accessToken}
              access token secret  ${oauth.accessTokenSecret}
  Basic       ${basic.username} / ${basic.password}
  Bearer      ${bearer}
`);
  abiquo.on("task", (task) => console.log(`${task.taskId}  ${task.type}  ${task.state}`));
  abiquo.on("webhook", ({ result }) => console.log("webhook", JSON.stringify(result)));
  if (values.autorun !== undefined) {
    setInterval(() => void abiquo.submit(), number("autorun", values.autorun) * 1000);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => void abiquo.close().then(() => process.exit(0)));
  }
}

/** The secrets hold the marks that a signature must encode, as Abiquo's do. */
function randomCredentials(): Credentials {
  const secret = (): string => randomBytes(30).toString("base64");
  return {
    oauth: { consumerKey: randomUUID(), consumerSecret: secret(), accessToken: randomUUID(), accessTokenSecret: secret() },
    basic: { username: "workflow", password: randomBytes(12).toString("base64url") },
    bearer: randomBytes(24).toString("base64url"),
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`--${name} must be one of ${choices.join(", ")}`);
  return found;
}

main().catch((error: NodeJS.ErrnoException) => {
  const text = error.code === "EADDRINUSE" ? "The port is in use. Choose another with --port." : error.message;
  console.error(text);
  process.exit(1);
});
