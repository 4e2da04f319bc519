#!/usr/bin/env node
import { randomBytes, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { type Credentials, startAbiquo } from "./abiquo.ts";
import { cliTextsIn, filled } from "./cli-texts.ts";
import { LANGUAGES, type Language, textsIn } from "./page-texts.ts";
import type { WebhookResult } from "./webhook.ts";
import { isPrivilege, PRIVILEGES, type Privilege } from "./world/privileges.ts";

/** The first of these variables that is set names the language of messages (POSIX, "Environment Variables", 8.2). */
const LOCALE = process.env["LC_ALL"] || process.env["LC_MESSAGES"] || process.env["LANG"] || "";

let language: Language = LANGUAGES.find((name) => name === LOCALE.split(/[_.@]/)[0]) ?? "en";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8009" },
      host: { type: "string", default: "127.0.0.1" },
      webhook: { type: "string", default: "http://127.0.0.1:1880/abiquo/workflow" },
      format: { type: "string", default: "json" },
      shape: { type: "string", default: "auto" },
      links: { type: "string", default: "path" },
      type: { type: "string", default: "vendor" },
      untaken: { type: "string", default: "hold" },
      abiquo: { type: "string", default: "6.1.2" },
      role: { type: "string" },
      tenants: { type: "string", default: "0" },
      waiting: { type: "string", default: "0" },
      record: { type: "string" },
      autorun: { type: "string" },
      lang: { type: "string" },
      seed: { type: "string", default: "1" },
      "random-credentials": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.lang !== undefined) language = oneOf("lang", values.lang, LANGUAGES);
  const texts = cliTextsIn(language);
  if (values.help) {
    console.log(texts.help);
    return;
  }
  const abiquo = await startAbiquo({
    port: number("port", values.port),
    host: values.host,
    webhook: values.webhook,
    format: oneOf("format", values.format, ["json", "xml"]),
    shape: oneOf("shape", values.shape, ["auto", "single", "collection"]),
    linkStyle: oneOf("links", values.links, ["path", "rooted", "absolute"]),
    contentType: oneOf("type", values.type, ["vendor", "plain"]),
    untakenWebhook: oneOf("untaken", values.untaken, ["hold", "fail"]),
    version: version("abiquo", values.abiquo),
    ...(values.role === undefined ? {} : { privileges: privileges(values.role) }),
    tenants: number("tenants", values.tenants),
    waiting: number("waiting", values.waiting),
    ...(values.record === undefined ? {} : { record: values.record }),
    autoAdvance: true,
    seed: number("seed", values.seed),
    ...(values.lang === undefined ? {} : { language }),
    ...(values["random-credentials"] ? { credentials: randomCredentials(), userPasswords: false } : {}),
  });
  const { oauth, basic, bearer } = abiquo.credentials;
  const { webhook } = values;
  console.log(
    filled(texts.started, { version: abiquo.version, api: abiquo.url, page: abiquo.pageUrl, webhook, ...oauth, ...basic, bearer }),
  );
  abiquo.on("task", (task) => console.log(`${task.taskId}  ${task.type}  ${task.state}`));
  abiquo.on("webhook", ({ result }) => console.log(webhookText(result)));
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

function webhookText(result: WebhookResult): string {
  const texts = textsIn(language);
  if ("status" in result) return filled(texts.posted, { status: result.status });
  if ("error" in result) return filled(texts.failed, { problem: result.error });
  return "lost" in result ? texts.lost : texts.skipped;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(filled(cliTextsIn(language).notANumber, { name }));
  return value;
}

function version(name: string, text: string): string {
  if (/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/.test(text)) return text;
  throw new Error(filled(cliTextsIn(language).notAVersion, { name }));
}

function privileges(list: string): Privilege[] {
  return list.split(",").flatMap((part): Privilege[] => {
    const name = part.trim();
    if (name === "") return [];
    if (isPrivilege(name)) return [name];
    throw new Error(filled(cliTextsIn(language).noPrivilege, { privilege: name, all: PRIVILEGES.join(", ") }));
  });
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(filled(cliTextsIn(language).notAChoice, { name, choices: choices.join(", ") }));
  return found;
}

function problemText(error: NodeJS.ErrnoException): string {
  const texts = cliTextsIn(language);
  if (error.code === "EADDRINUSE") return texts.portInUse;
  // Node says only in English what it does not understand, but it quotes the option.
  const option = error.code?.startsWith("ERR_PARSE_ARGS") ? /'([^']+)'/.exec(error.message)?.[1] : undefined;
  return option === undefined ? error.message : filled(texts.notUnderstood, { option });
}

main().catch((error: NodeJS.ErrnoException) => {
  console.error(problemText(error));
  process.exit(1);
});
