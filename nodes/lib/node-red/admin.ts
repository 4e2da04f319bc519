import type { NodeAPI } from "node-red";
import { isObject } from "../base/json.ts";
import { tell } from "./text.ts";

interface AdminRequest {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly params: Record<string, string>;
  readonly body?: unknown;
  /** who has signed in; absent where Node-RED asks nobody to */
  readonly user?: { readonly username?: string };
}
interface AdminResponse {
  status(code: number): AdminResponse;
  json(body: unknown): void;
}

/**
 * An admin endpoint that changes or tries something. It takes JSON only, and only with the header that the
 * editor sends: a foreign page in the operator's browser can send neither without a preflight.
 *
 * @param act is told who has signed in; empty where Node-RED asks nobody to
 */
export function adminAction(
  RED: NodeAPI,
  path: string,
  permission: `abiquo-${string}.${"read" | "write" | "approve"}`,
  act: (params: Record<string, string>, body: Record<string, unknown>, user: string) => Promise<object>,
): void {
  const handle = (request: AdminRequest, response: AdminResponse): void => {
    const isJson = String(request.headers["content-type"]).startsWith("application/json");
    if (!isJson || request.headers["node-red-api-version"] === undefined || !isObject(request.body)) {
      response.status(400).json({ ok: false });
      return;
    }
    act(request.params, request.body, request.user?.username ?? "").then(
      (result) => response.status(200).json(result),
      (error: unknown) => response.status(200).json({ ok: false, problem: tell(RED, error).message }),
    );
  };
  RED.httpAdmin.post(path, RED.auth.needsPermission(permission), handle as never);
}
