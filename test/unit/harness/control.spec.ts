import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cliTextsIn } from "../../harness/cli-texts.ts";
import { type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

let abiquo: SimulatedAbiquo;

const CLI = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", join(process.cwd(), "test/harness/cli.ts")];
const BEARER = { Authorization: "Bearer demo-bearer-token" };

function faults(method: string, body?: unknown, path = "", headers: Record<string, string> = {}): Promise<Response> {
  const init =
    body === undefined
      ? { method, headers }
      : { method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  return fetch(`${abiquo.pageUrl}simulator/faults${path}`, init);
}

const login = async (headers: Record<string, string> = BEARER): Promise<number> => (await fetch(`${abiquo.url}/login`, { headers })).status;
const basic = (nick: string, password: string): Record<string, string> => ({ Authorization: `Basic ${btoa(`${nick}:${password}`)}` });

describe("Control of the simulator", () => {
  beforeEach(async () => void (abiquo = await startAbiquo()));
  afterEach(() => abiquo.close());

  describe("faults", () => {
    it("strike once injected, are listed with their hits, and end when cleared", async () => {
      const injected = await faults("POST", { match: { path: "/login" }, status: 503, retryAfter: "1" });
      assert.equal(injected.status, 201);
      const { id } = (await injected.json()) as { id: number };
      assert.equal(await login(), 503);
      assert.deepEqual(await (await faults("GET")).json(), [
        { id, fault: { match: { path: "/login" }, status: 503, retryAfter: "1" }, hits: 1 },
      ]);
      assert.equal((await faults("DELETE", undefined, `/${id}`)).status, 204);
      assert.equal((await faults("DELETE", undefined, `/${id}`)).status, 404);
      assert.equal(await login(), 200);
    });

    it("end all at once", async () => {
      await faults("POST", { status: 500 });
      await faults("POST", { status: 500, match: { action: "read" } });
      assert.equal((await faults("DELETE")).status, 204);
      assert.deepEqual(abiquo.faults(), []);
    });

    for (const [fault, problem] of [
      [{ state: 500 }, /state is no part/],
      [{ status: "500" }, /status has a value/],
      [{ status: 500, rate: 2 }, /rate has a value/],
      [{ status: 500, match: { action: "write" } }, /match\.action has a value/],
      [{ status: 500, match: 1 }, /match is no object/],
      [{ times: 3 }, /does nothing/],
      [[], /does nothing/],
      [null, /no JSON object/],
    ] as const) {
      it(`${JSON.stringify(fault)} is refused`, async () => {
        const response = await faults("POST", fault);
        assert.equal(response.status, 400);
        assert.match(((await response.json()) as { error: string }).error, problem);
        assert.deepEqual(abiquo.faults(), []);
      });
    }

    it("are not for a foreign page to inject or to clear", async () => {
      const foreign = { Origin: "http://elsewhere.example" };
      assert.equal((await faults("POST", { status: 500 }, "", foreign)).status, 403);
      assert.equal((await faults("DELETE", undefined, "", foreign)).status, 403);
    });
  });

  describe("clock", () => {
    const move = (body: object): Promise<Response> =>
      fetch(`${abiquo.pageUrl}simulator/clock`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });

    it("moves the time of tasks, tokens and lock-outs", async () => {
      const before = abiquo.hold()[0]?.created ?? 0;
      for (let tries = 0; tries < 3; tries++) assert.equal(await login(basic("ana", "wrong")), 401);
      const { now } = (await (await move({ ms: 3_600_000 })).json()) as { now: string };
      assert.ok(Math.abs(Date.parse(now) - Date.now() - 3_600_000) < 10_000);
      assert.ok((abiquo.hold()[0]?.created ?? 0) - before >= 3_600);
      assert.equal(await login(basic("ana", "ana-password")), 200);
    });

    it("moves by numbers only", async () => {
      for (const body of [{}, { ms: "1" }, { ms: null }]) assert.equal((await move(body)).status, 400);
    });
  });

  describe("lock-out", () => {
    it("is of the user whose login failed, and of nobody else", async () => {
      for (let tries = 0; tries < 3; tries++) assert.equal(await login(basic("ana", "wrong")), 401);
      assert.equal(await login(basic("ana", "ana-password")), 401);
      assert.equal(await login(basic("bob", "bob-password")), 200);
      assert.equal(await login(), 200);
      const user = await (await fetch(`${abiquo.url}/admin/enterprises/2/users/2`, { headers: BEARER })).json();
      assert.equal((user as { locked: boolean }).locked, true);
      abiquo.signIn.unlock("ana");
      assert.equal(await login(basic("ana", "ana-password")), 200);
    });

    it("does not come from logins that name nobody", async () => {
      for (let tries = 0; tries < 5; tries++) assert.equal(await login(basic("nobody", "wrong")), 401);
      for (let tries = 0; tries < 5; tries++) assert.equal(await login({}), 401);
      assert.equal(await login(), 200);
    });
  });

  describe("command line", () => {
    async function run(
      ...options: string[]
    ): Promise<{ output: string; pageUrl: string; apiUrl: string; stop: () => Promise<number | null> }> {
      const child = spawn(process.execPath, [...CLI, "--port", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
      let output = "";
      child.stdout.setEncoding("utf8");
      for await (const part of child.stdout.iterator({ destroyOnReturn: false })) {
        output += String(part);
        if (output.includes("Bearer ")) break;
      }
      const urlOf = (name: string): string => new RegExp(`${name}\\s+(\\S+)`).exec(output)?.[1] ?? "";
      const stop = (): Promise<number | null> => {
        child.kill("SIGTERM");
        return ended;
      };
      return { output, pageUrl: urlOf("(?:page|página)"), apiUrl: urlOf("API"), stop };
    }

    it("prints the page's address, and serves it in the language asked for", async () => {
      const cli = await run("--lang", "es", "--seed", "7");
      assert.match(await (await fetch(cli.pageUrl)).text(), /<html lang="es">/);
      assert.equal(await cli.stop(), 0);
    });

    it("--random-credentials: those printed work, those of the examples and of the users do not", async () => {
      const cli = await run("--random-credentials");
      const bearer = /Bearer\s+(\S+)/.exec(cli.output)?.[1] ?? "";
      const [, name = "", password = ""] = /Basic\s+(\S+) \/ (\S+)/.exec(cli.output) ?? [];
      const status = async (headers: Record<string, string>): Promise<number> => (await fetch(`${cli.apiUrl}/login`, { headers })).status;
      assert.equal(await status({ Authorization: `Bearer ${bearer}` }), 200);
      assert.equal(await status(basic(name, password)), 200);
      assert.equal(await status(BEARER), 401);
      assert.equal(await status(basic("ana", "ana-password")), 401);
      assert.equal(await cli.stop(), 0);
    });

    it("--role, --abiquo and --tenants: the connection's user, the version and the tenants are as asked", async () => {
      const cli = await run("--role", "WORKFLOW_OVERRIDE,USERS_VIEW", "--abiquo", "3.10", "--tenants", "4", "--waiting", "8");
      const get = (path: string): Promise<Response> => fetch(`${cli.apiUrl}${path}`, { headers: BEARER });
      const { privileges } = (await (await get("/login?expand=privileges")).json()) as { privileges: { collection: { name: string }[] } };
      assert.deepEqual(
        privileges.collection.map(({ name }) => name),
        ["AUTHENTICATED", "WORKFLOW_OVERRIDE", "USERS_VIEW"],
      );
      assert.equal((await get("/config/properties/1")).status, 403);
      assert.match((await get("/login")).headers.get("content-type") ?? "", /version=3\.10$/);
      const { totalSize } = (await (await get("/admin/enterprises?has=tenant")).json()) as { totalSize: number };
      assert.equal(totalSize, 4);
      assert.equal(await cli.stop(), 0);
    });

    const said = async (options: string[], locale: Record<string, string>): Promise<string> => {
      const env = { ...process.env, LC_ALL: "", LC_MESSAGES: "", LANG: "", ...locale };
      const ended = promisify(execFile)(process.execPath, [...CLI, "--port", "0", ...options], { env });
      return ended.then(
        ({ stdout }) => stdout,
        ({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr}`,
      );
    };

    it("speaks the language of --lang, else of the environment, else English", async () => {
      const [english, spanish] = [cliTextsIn("en"), cliTextsIn("es")];
      assert.equal(await said(["--help"], {}), `${english.help}\n`);
      assert.equal(await said(["--help"], { LANG: "es_ES.UTF-8" }), `${spanish.help}\n`);
      assert.equal(await said(["--help"], { LANG: "es_ES.UTF-8", LC_ALL: "C" }), `${english.help}\n`);
      assert.equal(await said(["--help", "--lang", "es"], { LANG: "en_GB" }), `${spanish.help}\n`);
      assert.equal(await said(["--wrong"], { LANG: "es" }), `1 ${spanish.notUnderstood.replace("{option}", "--wrong")}\n`);
      assert.equal(await said(["--lang", "es", "--seed", "x"], {}), `1 ${spanish.notANumber.replace("{name}", "seed")}\n`);
    });

    it("has the same options and placeholders in both languages", () => {
      const marks = (text: string, pattern: RegExp): string[] => (text.match(pattern) ?? []).sort();
      for (const name of Object.keys(cliTextsIn("en")) as (keyof ReturnType<typeof cliTextsIn>)[]) {
        for (const pattern of [/\{\w+\}/g, /--[a-z-]+/g]) {
          assert.deepEqual(marks(cliTextsIn("es")[name], pattern), marks(cliTextsIn("en")[name], pattern), name);
        }
      }
    });

    for (const [option, value] of [
      ["--lang", "fr"],
      ["--seed", "x"],
      ["--abiquo", "six"],
      ["--type", "none"],
      ["--untaken", "drop"],
    ] as const) {
      it(`refuses ${option} ${value}, and says why`, async () => {
        const text = await said([option, value], {});
        assert.ok(text.startsWith(`1 ${option} must be `), text);
      });
    }

    it("refuses a privilege that there is not, and names those that there are", async () => {
      assert.match(
        await said(["--role", "WORKFLOW_OVERIDE"], {}),
        /^1 --role names WORKFLOW_OVERIDE, .* AUTHENTICATED, .*WORKFLOW_OVERRIDE/,
      );
    });
  });
});
