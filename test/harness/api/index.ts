import type { IncomingMessage } from "node:http";
import type { SimulatedAbiquo } from "../abiquo.ts";
import { CLOUD_ROUTES } from "./cloud.ts";
import { CONFIG_ROUTES } from "./config.ts";
import { EVENT_ROUTES } from "./events.ts";
import { compareVersions } from "./media.ts";
import { OTHER_TASK_ROUTES } from "./other-tasks.ts";
import { PEOPLE_ROUTES } from "./people.ts";
import { type Reply, Router } from "./route.ts";
import { TASK_ROUTES } from "./tasks.ts";

export const ROUTES = [...TASK_ROUTES, ...CLOUD_ROUTES, ...PEOPLE_ROUTES, ...CONFIG_ROUTES, ...EVENT_ROUTES, ...OTHER_TASK_ROUTES];

const router = new Router(ROUTES);

/** One answer of the API. `path` begins after the base path. */
export function api(abiquo: SimulatedAbiquo, request: IncomingMessage, path: string, body: string): Reply {
  const [given = "/", search = ""] = path.split("?");
  // Abiquo's own Ruby client joins addresses with two slashes.
  const pathname = given.replaceAll(/\/{2,}/g, "/");
  if (pathname === "/version") return versionReply(abiquo, request);
  const query = new URLSearchParams(search);
  const step = abiquo.registration.step(request, pathname, query);
  if (step !== undefined) return step;
  const user = abiquo.signIn.userOf(request);
  if (user === undefined) return unauthorized();
  const reply = router.answer(abiquo, request, user, pathname, query, body);
  const opensSession = pathname === "/login" && reply.status === 200 && compareVersions(abiquo.version, "4.2") >= 0;
  return opensSession ? { ...reply, headers: { ...reply.headers, "X-Abiquo-Token": abiquo.signIn.openSession(user.nick) } } : reply;
}

/** Without `text/plain` the server shows a banner around its version. */
function versionReply(abiquo: SimulatedAbiquo, request: IncomingMessage): Reply {
  const isPlain = (request.headers.accept ?? "").includes("text/plain");
  const body = isPlain ? abiquo.version : `=====\n  A B I Q U O  (simulated)\n=====\n${abiquo.version}\n`;
  return { status: 200, headers: { "Content-Type": "text/plain" }, body };
}

function unauthorized(): Reply {
  const headers = { "Content-Type": "text/html", "WWW-Authenticate": 'Basic realm="Abiquo API"' };
  return { status: 401, headers, body: "<html><body>Not signed in</body></html>" };
}
