import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type SimTask, type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";

/** One exchange. Links are written as `relation: media type, other attributes`, since only their form is compared. */
interface Fixture {
  readonly request: string;
  /** name of the media type that is sent */
  readonly send?: string;
  readonly sendBody?: object;
  /** sends what this request answers */
  readonly sendBodyOf?: string;
  readonly status: number;
  readonly mediaType?: string;
  readonly body?: Record<string, unknown>;
  /** how many links there are, where the number says something */
  readonly links?: number;
}

const FOLDER = join(process.cwd(), "test/unit/harness/fixtures");
const fixtures = readdirSync(FOLDER).map((name) => [name.replace(/\.json$/, ""), JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Fixture] as const);

let abiquo: SimulatedAbiquo;
let places: Record<string, string>;

function machinePath({ virtualDatacenter, virtualAppliance, virtualMachine }: SimTask): string {
  return `/cloud/virtualdatacenters/${virtualDatacenter}/virtualappliances/${virtualAppliance}/virtualmachines/${virtualMachine}`;
}

function emptyAppliance(): string {
  const datacenter = abiquo.world.datacenterOf(2);
  return `/cloud/virtualdatacenters/${datacenter.id}/virtualappliances/${abiquo.world.addAppliance(datacenter).id}`;
}

/** A machine with three tasks, an appliance of three machines that nothing locks, and a machine never deployed. */
async function furnish(): Promise<void> {
  abiquo = await startAbiquo({ webhook: "http://127.0.0.1:1/", version: "3.10" });
  const [held] = abiquo.hold();
  assert.ok(held);
  const machine = abiquo.world.machines.get(held.virtualMachine);
  assert.ok(machine);
  machine.disksMb.push(1_024);
  machine.volumesMb.push(2_048);
  const [running, failed] = (["PENDING", "FINISHED_UNSUCCESSFULLY"] as const).map((state) => {
    const task: SimTask = { ...held, taskId: crypto.randomUUID(), state };
    abiquo.adopt(task);
    return task;
  });
  const free = abiquo.hold({ count: 3, type: "UNDEPLOY" });
  for (const { taskId } of free) abiquo.trim(taskId);
  const [first] = free;
  assert.ok(first && running && failed);
  const [fresh] = abiquo.hold();
  const fleet = abiquo.hold({ count: 3 });
  const [stopped] = abiquo.hold({ type: "RECONFIGURE" });
  assert.ok(fresh && fleet[0] && stopped);
  for (const { taskId } of [fresh, ...fleet, stopped]) abiquo.trim(taskId);
  const user = abiquo.users.find(({ id }) => id === 1);
  assert.ok(user);
  places = {
    url: abiquo.url,
    machine: machinePath(held),
    held: held.taskId,
    running: running.taskId,
    failed: failed.taskId,
    datacenter: `/cloud/virtualdatacenters/${held.virtualDatacenter}`,
    appliance: machinePath(held).replace(/\/virtualmachines.*/, ""),
    freeMachine: machinePath(first),
    freshMachine: machinePath(fresh),
    stoppedMachine: machinePath(stopped),
    newAppliance: machinePath(fleet[0]).replace(/\/virtualmachines.*/, ""),
    emptyAppliance: emptyAppliance(),
    freeAppliance: machinePath(first).replace(/\/virtualmachines.*/, ""),
    application: String(abiquo.registration.register(user, "connector", "Answers", []).id),
  };
}

const filled = (text: string): string => text.replace(/\{(\w+)\}/g, (whole, name: string) => places[name] ?? whole);

function send(line: string, fixture?: Fixture, body?: string): Promise<Response> {
  const [method = "", path = ""] = filled(line).split(" ");
  const headers: Record<string, string> = { Authorization: "Bearer demo-bearer-token" };
  if (fixture?.mediaType !== undefined) headers["Accept"] = `${fixture.mediaType}; version=3.10`;
  if (fixture?.send !== undefined) headers["Content-Type"] = `application/vnd.abiquo.${fixture.send}+json; version=3.10`;
  return fetch(abiquo.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** `rel: type, title` of a link, the attributes in order. */
function linkForm(link: Record<string, string> | string): string {
  if (typeof link === "string") {
    const [rel = "", rest = ""] = link.split(/: (.*)/s);
    const [type = "", ...others] = rest === "" ? [] : rest.split(", ");
    return [rel, type === "" || type.includes("/") ? type : `application/vnd.abiquo.${type}+json`, ...others.sort()].join(" ").trim();
  }
  const { rel = "", href, type = "", ...others } = link;
  assert.match(href ?? "", /^http:\/\//, `${rel} has an address`);
  for (const [name, value] of Object.entries(others)) assert.equal(typeof value, "string", `${rel} ${name}`);
  return [rel, type, ...Object.keys(others).sort()].join(" ").trim();
}

/** What is compared of a value: keys and JSON types, and for links their relations and attributes. */
function form(value: unknown, key = ""): unknown {
  if (key === "links") return [...new Set((value as (Record<string, string> | string)[]).map(linkForm))].sort();
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(form(item))))].sort().map((text) => JSON.parse(text) as unknown);
  if (value === null) return "null";
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, child]) => [name, form(child, name)]));
  return Number.isInteger(value) ? "integer" : typeof value;
}

describe("Shapes of the simulated Abiquo are those of Abiquo 3.10", () => {
  beforeEach(furnish);
  afterEach(() => abiquo.close());

  for (const [name, fixture] of fixtures) {
    it(`${name}: ${fixture.request} is ${fixture.status}`, async () => {
      const source = fixture.sendBodyOf === undefined ? undefined : await (await send(fixture.sendBodyOf)).text();
      const body = source ?? (fixture.sendBody === undefined ? undefined : filled(JSON.stringify(fixture.sendBody)));
      const response = await send(fixture.request, fixture, body);
      const text = await response.text();
      assert.equal(response.status, fixture.status, text);
      if (fixture.mediaType === undefined) return assert.equal(text, "");
      assert.equal(response.headers.get("content-type"), `${fixture.mediaType}; version=3.10`);
      const actual = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual(form(actual), form(fixture.body));
      if (fixture.links !== undefined) assert.equal((actual["links"] as unknown[]).length, fixture.links);
    });
  }
});
