import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NodeRedProcess, type SimulatedAbiquo, startAbiquo } from "../harness/index.ts";
import {
  about,
  answering,
  catcher,
  decide,
  idsOf,
  placed,
  type Report,
  reporter,
  Sink,
  startUnderTest,
  VERSIONS,
  webhook,
} from "./under-test.ts";

const MEGABYTE = 1024 * 1024;
const SECRET = "planted/webhook+secret=";
const PASSWORD = "planted-basic-password";
/** Abiquo's own, the plain ones, none, and two that do not fit. */
const TYPES = ["application/vnd.abiquo.task+json", "application/json", "application/xml", "text/plain", "application/octet-stream", ""];

interface AnswerBody {
  readonly accepted?: number;
  readonly known?: number;
  readonly error?: string;
  readonly message?: string;
  readonly problems?: readonly { readonly index: number }[];
}

for (const { name, nodeRed: folder } of VERSIONS) {
  for (const root of ["", "/admin"]) {
    describe(`webhook in ${name}, the editor under ${root || "/"}`, () => {
      let abiquo: SimulatedAbiquo;
      let sink: Sink;
      let foreign: Server;
      let foreignRequests = 0;
      let nodeRed: NodeRedProcess;
      let flows: object[];
      let credentials: Record<string, Record<string, string>>;
      let blocked: string;

      before(async () => {
        sink = await Sink.start();
        abiquo = await startAbiquo({ webhook: "http://127.0.0.1:1/", webhookTimeoutMs: 30_000 });
        foreign = createServer((_request, response) => {
          foreignRequests++;
          response.end();
        });
        await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
        blocked = mkdtempSync(join(tmpdir(), "no-ledger-"));
        // A folder where the file should be: it cannot be opened, whoever tries.
        mkdirSync(join(blocked, "ledger.sqlite"));
        // Node-RED takes a property that equals some node's id for a reference to it: no id may be a word of a property.
        const hook = (id: string, more: object): object =>
          webhook(`hook-${id}`, { path: `/${id}`, auth: "none", wires: [["arrived-body"]], ...more });
        const connection = { type: "abiquo-config", url: abiquo.url, apiVersion: "6.1", auth: "oauth1", trustedProxies: "127.0.0.1" };
        flows = [
          { id: "tab", type: "tab", label: "Webhooks" },
          { id: "config", ...connection },
          { id: "store", type: "abiquo-store", engine: "sqlite", file: join(blocked, "ledger.sqlite") },
          { id: "blocked", ...connection, store: "store" },
          hook("open", {}),
          hook("secret", { auth: "secret" }),
          hook("basic", { auth: "basic" }),
          hook("fenced", { allowFrom: "10.1.0.0/16" }),
          hook("small", { maxBody: 0.01 }),
          hook("group", { emit: "group" }),
          hook("second", { path: "/open" }),
          hook("unwritable", { connection: "blocked" }),
          ...reporter(sink, "arrived"),
          ...answering(sink),
          ...catcher(sink),
        ];
        const oauth = { ...abiquo.credentials.oauth };
        credentials = {
          config: oauth,
          blocked: oauth,
          "hook-secret": { secret: SECRET },
          "hook-basic": { username: "abiquo", password: PASSWORD },
        };
        nodeRed = await startUnderTest(folder, abiquo, sink, { flows, credentials, settings: root === "" ? {} : { httpAdminRoot: root } });
      });
      after(async () => {
        await nodeRed?.stop("SIGKILL");
        await abiquo?.close();
        await sink?.close();
        foreign?.closeAllConnections();
        await new Promise((resolve) => foreign.close(resolve));
        rmSync(blocked, { recursive: true, force: true });
      });

      const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
        // A Blob without a type sends no Content-Type, where a string would bring one.
        nodeRed.request(path, { method: "POST", headers, body: new Blob([body as BlobPart]) });
      const typed = (type: string): Record<string, string> => (type === "" ? {} : { "Content-Type": type });
      const read = async (response: Response): Promise<AnswerBody> => (await response.json()) as AnswerBody;
      const taskBody = (): { taskId: string; dto: Record<string, unknown> & { links: { rel: string; href: string }[] } } => {
        const [task] = abiquo.hold({ type: "RECONFIGURE" });
        assert.ok(task);
        const path = `cloud/virtualdatacenters/7/virtualappliances/${task.virtualAppliance}/virtualmachines/${task.virtualMachine}`;
        const self = `${path}/tasks/${task.taskId}`;
        const link = (rel: string, href: string): { rel: string; href: string } => ({ rel, href });
        const links = [
          link("self", self),
          link("continue", `${self}/action/continue`),
          link("cancel", `${self}/action/cancel`),
          link("target", path),
          link("user", "admin/enterprises/2/users/2"),
        ];
        return {
          taskId: task.taskId,
          dto: {
            taskId: task.taskId,
            type: "RECONFIGURE",
            state: "QUEUEING",
            userId: "2",
            ownerId: String(task.virtualMachine),
            timestamp: task.timestamp,
            creationTimestamp: task.created,
            links,
          },
        };
      };
      const refused = async (
        body: string | Uint8Array,
        status: number,
        code: string,
        type = "application/json",
        path = "open",
      ): Promise<void> => {
        const isThis = ({ body: { error } }: Report): boolean => error?.code === code;
        const before = sink.of("fault").filter(isThis).length;
        const response = await post(path, body, typed(type));
        const answer = await read(response);
        assert.deepEqual([response.status, answer.error], [status, code]);
        assert.ok(answer.message);
        await sink.have("fault", before + 1, isThis);
      };

      describe("its door", () => {
        const good = (): string => JSON.stringify(taskBody().dto);

        it("takes the secret as the last segment, and as a parameter", async () => {
          assert.equal((await post(`secret/${encodeURIComponent(SECRET)}`, good())).status, 200);
          assert.equal((await post(`secret?secret=${encodeURIComponent(SECRET)}`, good())).status, 200);
        });

        for (const path of ["secret", "secret/wrong", "secret?secret=wrong", "secret/%E0%A4%A", "basic"]) {
          it(`answers 401 and nothing else on ${path}`, async () => {
            // The hook whose store cannot be written tells so at the start, which may be now.
            const faults = (): number => sink.of("fault").filter(({ body }) => !/^LEDGER_/.test(body.error?.code ?? "")).length;
            const before = faults();
            const response = await post(path, good());
            assert.deepEqual([response.status, await response.text()], [401, ""]);
            const { dto, taskId } = taskBody();
            await post("open", JSON.stringify(dto));
            await sink.have("arrived", 1, about(taskId));
            assert.equal(faults(), before);
          });
        }

        it("takes Basic", async () => {
          const header = (password: string): string => `Basic ${Buffer.from(`abiquo:${password}`).toString("base64")}`;
          assert.equal((await post("basic", good(), { Authorization: header(PASSWORD) })).status, 200);
          assert.equal((await post("basic", good(), { Authorization: header("wrong") })).status, 401);
        });

        it("looks at the address that a trusted proxy saw, and believes no other", async () => {
          const from = async (forwarded: string): Promise<number> =>
            (await post("fenced", good(), { "X-Forwarded-For": forwarded })).status;
          const direct = await post("fenced", good());
          assert.deepEqual([direct.status, await direct.text()], [403, ""]);
          assert.equal(await from("10.1.2.3"), 200);
          assert.equal(await from("10.2.2.3"), 403);
          assert.equal(await from("10.1.2.3, 192.0.2.7"), 403);
        });

        it("leaves a preflight to whoever answers it, and takes nothing by it", async () => {
          // The admin API of Node-RED 4.1 answers every preflight on a root that both share.
          const { status } = await nodeRed.request("open", { method: "OPTIONS" });
          assert.ok(status === 204 || status === 405, String(status));
        });

        for (const method of ["GET", "PUT", "DELETE"]) {
          it(`answers 405 to ${method}`, async () => {
            assert.equal((await nodeRed.request("open", { method })).status, 405);
          });
        }
      });

      describe("what it takes", () => {
        for (const format of ["json", "xml"] as const) {
          for (const type of TYPES) {
            it(`${format} as ${type || "no type"}`, async () => {
              for (const shape of ["single", "collection"] as const) {
                const [task] = abiquo.hold({ type: "RECONFIGURE" });
                assert.ok(task);
                const url = `${nodeRed.nodeUrl}open`;
                const { status, body } = await abiquo.post([task], { url, format, shape, ...(type === "" ? {} : { contentType: type }) });
                assert.deepEqual([status, JSON.parse(body)], [200, { accepted: 1, known: 0 }]);
                await sink.have("arrived", 1, about(task.taskId));
              }
            });
          }
        }

        it("a body without a type", async () => {
          const { dto } = taskBody();
          assert.deepEqual(await read(await post("open", JSON.stringify(dto))), { accepted: 1, known: 0 });
        });

        it("a body of 16 MB; one byte more is 413", async () => {
          const { dto, taskId } = taskBody();
          const text = JSON.stringify(dto);
          const full = text + " ".repeat(16 * MEGABYTE - text.length);
          assert.equal((await post("open", full, typed("application/json"))).status, 200);
          await sink.have("arrived", 1, about(taskId));
          await refused(`${full} `, 413, "BODY_TOO_LARGE");
        });

        it("its own limit to the byte", async () => {
          const limit = Math.floor(0.01 * MEGABYTE);
          const text = JSON.stringify(taskBody().dto);
          assert.equal((await post("small", text + " ".repeat(limit - text.length), typed("application/json"))).status, 200);
          await refused(text + " ".repeat(limit + 1 - text.length), 413, "BODY_TOO_LARGE", "application/json", "small");
        });

        it("5,000 tasks in one POST", async () => {
          const tasks = abiquo.hold({ count: 5_000 });
          const { status, body } = await abiquo.post(tasks, { url: `${nodeRed.nodeUrl}group`, contentType: "application/json" });
          assert.deepEqual([status, JSON.parse(body)], [200, { accepted: 5_000, known: 0 }]);
          const [report] = await sink.have("arrived", 1, (one) => idsOf(one).length === 5_000);
          assert.deepEqual(new Set(idsOf(report as never)), new Set(tasks.map(({ taskId }) => taskId)));
        });

        it("the good ones of a collection; the bad one is reported", async () => {
          const [first, second] = [taskBody(), taskBody()];
          const bad = { taskId: "bad-one", type: "DEPLOY", links: [] };
          const response = await post("open", JSON.stringify({ collection: [first.dto, bad, second.dto] }), typed("application/json"));
          const answer = await read(response);
          assert.deepEqual([response.status, answer.accepted, answer.problems?.[0]?.index], [200, 2, 1]);
          await sink.have("arrived", 1, about(first.taskId));
          await sink.have("arrived", 1, about(second.taskId));
          await sink.have("fault", 1, ({ body: { error } }) => error?.code === "ABIQUO_BAD_TASK" && error.message.includes("bad-one"));
        });

        it("one task of many equal requests in parallel, single and in collections", async () => {
          const { dto, taskId } = taskBody();
          const bodies = Array.from({ length: 20 }, (_none, index) => JSON.stringify(index % 2 === 0 ? dto : { collection: [dto, dto] }));
          const answers = await Promise.all(bodies.map(async (body) => read(await post("open", body, typed("application/json")))));
          assert.equal(
            answers.reduce((sum, { accepted = 0 }) => sum + accepted, 0),
            1,
          );
          const later = taskBody();
          await post("open", JSON.stringify(later.dto));
          await sink.have("arrived", 1, about(later.taskId));
          assert.equal(sink.of("arrived").filter(about(taskId)).length, 1);
        });

        it("links to another host by their path only", async () => {
          const { dto, taskId } = taskBody();
          const elsewhere = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/api/`;
          const links = dto.links.map(({ rel, href }) => ({ rel, href: elsewhere + href }));
          assert.equal((await post("open", JSON.stringify({ ...dto, links }))).status, 200);
          await sink.have("arrived", 1, about(taskId));
          await decide(nodeRed, "continue", taskId);
          await sink.have("answered", 1, about(taskId));
          assert.equal(abiquo.task(taskId)?.state, "PENDING");
          assert.equal(foreignRequests, 0);
        });
      });

      describe("what it refuses", () => {
        const whole = (): string => JSON.stringify(taskBody().dto);
        const bomb = `<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_none, index) => `<!ENTITY a${index} "&a;&a;&a;">`).join("")}]><task><taskId>&a19;</taskId></task>`;
        for (const type of TYPES) {
          it(`bad bodies as ${type || "no type"}`, async () => {
            for (const body of ["", "   ", whole().slice(0, -20), "<task><taskId>1</taskId>", "neither", bomb])
              await refused(body, 400, "ABIQUO_BAD_BODY", type);
            await refused(`{"taskId":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, 400, "ABIQUO_BAD_BODY", type);
            await refused(`${"<task>".repeat(20_000)}${"</task>".repeat(20_000)}`, 400, "ABIQUO_BAD_BODY", type);
            await refused(
              Buffer.concat([Buffer.from('{"taskId":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
              400,
              "ABIQUO_BAD_BODY",
              type,
            );
            for (const body of ["{}", "[]", "null", "7", '{"collection":[]}', "<other/>", "<tasks/>"])
              await refused(body, 422, "ABIQUO_NO_TASK", type);
            await refused(JSON.stringify({ ...taskBody().dto, links: [] }), 422, "ABIQUO_NO_TASK", type);
          });
        }

        it("everything while its ledger cannot be written, and reports that once", async () => {
          await refused(whole(), 503, "LEDGER_UNAVAILABLE", "application/json", "unwritable");
          const reported = (): number => sink.of("fault").filter(({ body: { error } }) => error?.code === "LEDGER_UNAVAILABLE").length;
          const before = reported();
          for (let call = 0; call < 5; call++) assert.equal((await post("unwritable", whole(), typed("application/json"))).status, 503);
          await refused("", 400, "ABIQUO_BAD_BODY", "application/json", "unwritable");
          assert.equal(reported(), before);
        });
      });

      describe("deploys", () => {
        it("a request during a full deploy waits for it, and is answered 200", async () => {
          const { dto, taskId } = taskBody();
          let going = true;
          const statuses: number[] = [];
          const ids: string[] = [taskId];
          const stream = async (): Promise<void> => {
            while (going) {
              const next = taskBody();
              ids.push(next.taskId);
              statuses.push((await post("open", JSON.stringify(next.dto))).status);
            }
          };
          const running = [stream(), stream(), stream(), stream()];
          statuses.push((await post("open", JSON.stringify(dto))).status);
          await nodeRed.deploy(flows.map(placed));
          going = false;
          await Promise.all(running);
          assert.deepEqual(new Set(statuses), new Set([200]));
          for (const id of ids) await sink.have("arrived", 1, about(id));
        });

        it("of two nodes with one path the second says so, and serves once the first is gone", async () => {
          await nodeRed.waitForLog(/hook-second\] Another webhook node already listens on \/open/);
          await nodeRed.deploy(flows.filter((node) => !("id" in node) || node.id !== "hook-open").map(placed));
          const { dto, taskId } = taskBody();
          assert.equal((await post("open", JSON.stringify(dto))).status, 200);
          await sink.have("arrived", 1, about(taskId));
        });
      });

      describe("its secrets", () => {
        it("appear in no log, export or report", async () => {
          const places = [nodeRed.logs(), await (await nodeRed.admin("flows")).text(), JSON.stringify(sink.reports)];
          for (const place of places)
            for (const secret of [SECRET, encodeURIComponent(SECRET), PASSWORD]) assert.ok(!place.includes(secret));
        });
      });
    });
  }
}
