/** How tasks of a webhook are decided, by the path that they come by. */
export const COURSES = ["rules", "parallel", "reassigned", "group", "unanswered"] as const;
export type Course = (typeof COURSES)[number];
export type TaskType = "DEPLOY" | "UNDEPLOY" | "RECONFIGURE";
export type Action = "continue" | "cancel";

/**
 * What the flow makes of a task: `none` where nobody votes, so that it ends only by somebody who decides in Abiquo.
 *
 * @param index among the tasks of its webhook
 */
export function wantedAction(course: Course, type: TaskType, index: number): Action | "none" {
  if (course === "unanswered") return "none";
  if (course === "group") return index === 0 ? "cancel" : "continue";
  return type === "UNDEPLOY" ? "cancel" : "continue";
}

const rule = (type: TaskType, outcome: Action): object => ({
  name: `${outcome} each ${type}`,
  when: [{ field: "task.type", op: "eq", value: type, valueType: "str" }],
  outcome,
  reason: "",
});

/** People reject what has UNDEPLOY in its title, as soon as they are asked. */
const VOTE = `const { id, kind, level, person } = msg.abiquo.approval;
const action = msg.topic.includes("UNDEPLOY") ? "reject" : "approve";
return kind === "asked" ? { abiquo: { vote: { id, level, action, reason: "soak", by: person.email } } } : null;`;

/** Mia hands over to Ben, who votes. */
const REASSIGN = `const { id, kind, level, person } = msg.abiquo.approval;
if (kind !== "asked") return null;
if (person.email === "mia@example.com") return { abiquo: { control: { id, action: "reassign", from: person.email, to: "ben@example.com", by: "soak" } } };
const action = msg.topic.includes("UNDEPLOY") ? "reject" : "approve";
return { abiquo: { vote: { id, level, action, reason: "soak", by: person.email } } };`;

/** The machine that the title names is left out. */
const EXCEPT = `const { id, kind, level, person } = msg.abiquo.approval;
const except = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(msg.topic)?.[0];
return kind === "asked" ? { abiquo: { vote: { id, level, action: "approve", except: [except], reason: "soak", by: person.email } } } : null;`;

/** How long from the end of one sweep to the next, in minutes. */
const CATCH_UP = 0.1;

export interface FlowOptions {
  readonly apiUrl: string;
  /** changes some nodes, other ones each time: hooks, what is below them, or the connection */
  readonly version: number;
  readonly engine: "sqlite" | "postgres";
}

export function mixedFlows({ apiUrl, version, engine }: FlowOptions): object[] {
  const changed = (which: number): string => (version % 3 === which ? `version ${version}` : "");
  const node = (id: string, type: string, properties: object): object => ({
    id,
    type,
    z: "tab",
    x: 100,
    y: 100,
    connection: "config",
    ...properties,
  });
  const hook = (course: Course, wires: string[], emit = "task"): object =>
    node(`hook-${course}`, "abiquo-webhook-in", {
      name: changed(1),
      path: `/${course}`,
      auth: "secret",
      emit,
      // A task that was adopted there would wait for ever.
      catchUp: course === "unanswered" ? 0 : CATCH_UP,
      enterprises: "",
      wires: [wires],
    });
  const people = (id: string, approvers: string, voter: string, more: object = {}): object =>
    node(id, "abiquo-approval", {
      key: id,
      scope: "task",
      title: "topic",
      titleType: "msg",
      levels: [{ name: "Managers", approvers, approversType: "str", need: "all" }],
      wires: [[voter], ["continue"], ["cancel"], [], []],
      ...more,
    });
  const code = (id: string, func: string, to: string[]): object =>
    node(id, "function", { name: changed(2), func, outputs: 1, wires: [to] });
  return [
    { id: "tab", type: "tab", label: "Soak" },
    {
      id: "config",
      type: "abiquo-config",
      name: "Abiquo",
      url: apiUrl,
      auth: "oauth1",
      timeout: version % 3 === 0 ? 5 + (version % 2) : 5,
      publicUrl: "https://soak.example.com",
      store: "store",
    },
    { id: "store", type: "abiquo-store", name: "", engine, file: "" },
    hook("rules", ["rules"]),
    node("rules", "abiquo-task-decision", {
      name: changed(2),
      rules: [rule("DEPLOY", "continue"), rule("UNDEPLOY", "cancel"), rule("RECONFIGURE", "continue")],
      otherwise: "review",
      scope: "task",
      wires: [["continue"], ["cancel"], []],
    }),
    hook("parallel", ["technical", "commercial"]),
    people("technical", "mia@example.com, ben@example.com", "vote-technical"),
    code("vote-technical", VOTE, ["technical"]),
    people("commercial", "cho@example.com", "vote-commercial"),
    code("vote-commercial", VOTE, ["commercial"]),
    hook("reassigned", ["reassigned"]),
    people("reassigned", "mia@example.com", "reassign"),
    code("reassign", REASSIGN, ["reassigned"]),
    hook("group", ["name-first"], "group"),
    code("name-first", "msg.topic = msg.abiquo.tasks[0].task.taskId; return msg;", ["groups"]),
    people("groups", "mia@example.com", "except", { scope: "group" }),
    code("except", EXCEPT, ["groups"]),
    hook("unanswered", ["unanswered"]),
    people("unanswered", "mia@example.com", "", { wires: [[], ["continue"], ["cancel"], [], []] }),
    // A connection of the message's own: these nodes live on when only the connection is deployed.
    node("continue", "abiquo-continue", { connection: "", wires: [[], []] }),
    node("cancel", "abiquo-cancel", { wires: [[], []] }),
  ];
}
