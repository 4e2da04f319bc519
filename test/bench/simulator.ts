// The simulated Abiquo on a thread of its own, with a group of tasks that waits.
import { parentPort, workerData } from "node:worker_threads";
import { taskPath } from "../harness/dto/tasks.ts";
import { startAbiquo } from "../harness/index.ts";

const { tasks, latencyMs } = workerData as { tasks: number; latencyMs: number };
const abiquo = await startAbiquo({ webhook: "http://127.0.0.1/", version: "6.1.2" });
if (latencyMs > 0) abiquo.inject({ latencyMs });
const links = abiquo.hold({ count: tasks }).map((task) => {
  const self = `${abiquo.url}/${taskPath(task)}`;
  return {
    self,
    target: self.slice(0, self.indexOf("/tasks/")),
    user: `${abiquo.url}/admin/enterprises/${task.enterprise}/users/${task.user.id}`,
  };
});
parentPort?.postMessage({ url: abiquo.url, oauth: abiquo.credentials.oauth, links });
