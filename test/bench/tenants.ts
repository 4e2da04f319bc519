// The simulated Abiquo in a process of its own, with many tenants and tasks that wait.
import { startAbiquo } from "../harness/index.ts";

const [tenants = 0, waiting = 0] = process.argv.slice(2).map(Number);
const abiquo = await startAbiquo({ version: "6.1.2", tenants, waiting });
let requests = 0;
abiquo.on("request", () => void requests++);
process.on("message", (question) => {
  if (question === "count") process.send?.({ requests });
});
process.send?.({ url: abiquo.url, basic: abiquo.credentials.basic });
