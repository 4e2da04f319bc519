// The details of a group, beside a bare undici loop that makes the same requests and keeps nothing of them.
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import OAuth from "oauth-1.0a";
import { Pool } from "undici";
import { AbiquoClient, apiBase, type DetailLinks, type DetailPart, DetailsReading, Resources } from "../../nodes/lib/abiquo/index.ts";

const TASKS = 500;
const ROUNDS = 5;
const CONNECTIONS = 8;
const PARTS = ["user", "role", "virtualmachine", "disks", "virtualdatacenter", "location"] as const satisfies readonly DetailPart[];

interface Platform {
  readonly url: string;
  readonly oauth: {
    readonly consumerKey: string;
    readonly consumerSecret: string;
    readonly accessToken: string;
    readonly accessTokenSecret: string;
  };
  readonly links: readonly DetailLinks[];
}

/** Prints the medians of a few rounds, without and with a network between. */
export async function benchDetails(): Promise<void> {
  const table: Record<string, object> = {};
  for (const latencyMs of [0, 20]) {
    const simulator = new Worker(new URL("simulator.ts", import.meta.url), { workerData: { tasks: TASKS, latencyMs } });
    const [platform] = (await once(simulator, "message")) as [Platform];
    const client = new AbiquoClient({
      base: apiBase(platform.url),
      apiVersion: "6.1",
      timeoutMs: 30_000,
      credentials: { kind: "oauth1", ...platform.oauth },
    });
    const pool = new Pool(new URL(platform.url).origin, { connections: CONNECTIONS });
    try {
      const ours: number[] = [];
      const bare: number[] = [];
      // The first round only warms up.
      for (let round = 0; round <= ROUNDS; round++) {
        const mine = await timed(() => readDetails(client, platform));
        const theirs = await timed(() => readBare(pool, platform));
        if (round > 0) {
          ours.push(mine);
          bare.push(theirs);
        }
      }
      const [a, b] = [median(ours), median(bare)];
      table[`${latencyMs} ms latency`] = { "palette ms": Math.round(a), "bare loop ms": Math.round(b), ratio: Number((a / b).toFixed(2)) };
    } finally {
      await client.close();
      await pool.close();
      await simulator.terminate();
    }
  }
  console.table(table);
  console.log(`details of a group of ${TASKS}: ${requestsOf(TASKS)} requests over ${CONNECTIONS} connections; medians of ${ROUNDS} rounds`);
}

const requestsOf = (tasks: number): number => tasks * 2 + 2;

async function readDetails(client: AbiquoClient, { links }: Platform): Promise<void> {
  const reading = new DetailsReading(new Resources(client));
  const found = await Promise.all(links.flatMap((own) => PARTS.map((part) => reading.part(own, part))));
  if (found.some((outcome) => "fault" in outcome)) throw new Error("a detail is missing");
}

async function readBare(pool: Pool, { url, oauth: secrets, links }: Platform): Promise<void> {
  const oauth = new OAuth({
    consumer: { key: secrets.consumerKey, secret: secrets.consumerSecret },
    signature_method: "HMAC-SHA1",
    hash_function: (text, key) => createHmac("sha1", key).update(text).digest("base64"),
  });
  oauth.getNonce = () => randomBytes(16).toString("hex");
  const token = { key: secrets.accessToken, secret: secrets.accessTokenSecret };
  const [first] = links as [DetailLinks];
  const all = [
    [first.user, "user"],
    [first.target.slice(0, first.target.indexOf("/virtualappliances/")), "virtualdatacenter"],
    ...links.flatMap(
      ({ target }) =>
        [
          [target, "virtualmachine"],
          [`${target}/storage/disks`, "harddisks"],
        ] as const,
    ),
  ] as const;
  if (all.length !== requestsOf(links.length)) throw new Error("the loops differ");
  const left = all.values();
  const origin = new URL(url).origin.length;
  const worker = async (): Promise<void> => {
    for (const [link, name] of left) {
      const { Authorization } = oauth.toHeader(oauth.authorize({ url: link, method: "GET" }, token));
      const Accept = `application/vnd.abiquo.${name}+json; version=6.1`;
      const { statusCode, body } = await pool.request({ path: link.slice(origin), method: "GET", headers: { Authorization, Accept } });
      await body.json();
      if (statusCode !== 200) throw new Error(`${link} was answered with ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
