export type TaskType = "DEPLOY" | "UNDEPLOY" | "RECONFIGURE";

/** What the flow makes of a task: people, who always approve, are asked about a reconfigure. */
export function wantedAction(type: TaskType): "continue" | "cancel" {
  return type === "UNDEPLOY" ? "cancel" : "continue";
}

const rule = (type: TaskType, outcome: "continue" | "cancel"): object => ({
  name: `${outcome} each ${type}`,
  when: [{ field: "task.type", op: "eq", value: type, valueType: "str" }],
  outcome,
  reason: "",
});

/** Votes as soon as a person is asked. */
const VOTE = `const { id, kind, level, person } = msg.abiquo.approval;
return kind === "asked" ? { abiquo: { vote: { id, level, action: "approve", by: person.email } } } : null;`;

/** Rules decide some tasks and two people the others. @param version changes some nodes, so that each deploy restarts them */
export function mixedFlows(apiUrl: string, version: number): object[] {
  const node = (id: string, type: string, properties: object): object => ({ id, type, z: "tab", x: 100, y: 100, connection: "config", ...properties });
  return [
    { id: "tab", type: "tab", label: "Soak" },
    { id: "config", type: "abiquo-config", name: "Abiquo", url: apiUrl, auth: "oauth1", timeout: 5 },
    node("hook", "abiquo-webhook-in", { path: "/soak", auth: "secret", emit: "task", maxBody: 16, wires: [["rules"]] }),
    node("rules", "abiquo-task-decision", {
      name: `rules ${version}`,
      rules: [rule("DEPLOY", "continue"), rule("UNDEPLOY", "cancel")],
      otherwise: "review",
      scope: "task",
      wires: [["continue"], ["cancel"], ["people"]],
    }),
    node("people", "abiquo-approval", {
      key: "people",
      scope: "task",
      levels: [{ name: "Managers", approvers: "mia@example.com, ben@example.com", approversType: "str", need: "all" }],
      wires: [["vote"], ["continue"], ["cancel"], [], []],
    }),
    node("vote", "function", { name: `vote ${version}`, func: VOTE, outputs: 1, wires: [["people"]] }),
    node("continue", "abiquo-continue", { wires: [[], []] }),
    node("cancel", "abiquo-cancel", { wires: [[], []] }),
  ];
}
