import type { Fault } from "../base/fault.ts";
import { Api, type ApiSettings, type Resource } from "./api.ts";
import { principalOf } from "./auth.ts";
import type { ApiBase } from "./base.ts";
import {
  type AbiquoEnterprise,
  enterprisePagesOf,
  enterprisesOf,
  readDatacenterEnterprise,
  readEnterprise,
  writeEnterpriseWorkflow,
} from "./enterprises.ts";
import { type EventCursor, type EventPage, readEvents, readTasksOf } from "./events.ts";
import type { AbiquoFault } from "./faults.ts";
import type { Pages } from "./paging.ts";
import { type PendingQuery, pendingPagesOf, pendingTasksOf } from "./pending-tasks.ts";
import { type AbiquoUser, roleNames, userOf, usersOf } from "./people.ts";
import { type PlatformWorkflow, readPlatformWorkflow, writePlatformWorkflow } from "./platform-workflow.ts";
import { type AbiquoTask, taskFromDto } from "./task.ts";

export type { Resource } from "./api.ts";
export type ClientSettings = ApiSettings;

/**
 * Talks to the API of one Abiquo, and to no other host. Every call may throw, beside what it says itself:
 *
 * - AbiquoFault ABIQUO_UNAUTHORIZED, ABIQUO_CLOCK_SKEW (both halt the client: see `halted`), ABIQUO_FORBIDDEN,
 *   ABIQUO_NOT_FOUND, ABIQUO_REFUSED, ABIQUO_VERSION_REFUSED, ABIQUO_RATE_LIMITED, ABIQUO_FAILED: by the status
 * - AbiquoFault ABIQUO_UNREACHABLE, ABIQUO_TIMEOUT: no answer
 * - AbiquoFault ABIQUO_UNEXPECTED_ANSWER: an answer that is not Abiquo's
 * - AbiquoFault ABIQUO_CLOSED: `close` or the caller's signal came first
 * - Fault ABIQUO_BAD_LINK: a link or an id that does not lead below `base`
 *
 * Reads are repeated twice, with growing random waits, when nobody answers or the answer is a passing one
 * (429, 502, 503, 504). What changes something is never repeated.
 */
export class AbiquoClient {
  readonly base: ApiBase;
  /** equal for clients that sign in as the same user; not a secret */
  readonly principal: string;
  readonly #api: Api;

  /** @throws Fault CONFIG_INVALID when the proxy's address is not usable */
  constructor(settings: ClientSettings) {
    this.base = settings.base;
    this.principal = principalOf(settings.credentials);
    this.#api = new Api(settings);
  }

  /**
   * The 401 after which nothing is sent any more, until `resume`: Abiquo locks a user out after three bad logins
   * within a minute. Every call fails with it at once.
   */
  get halted(): AbiquoFault | undefined {
    return this.#api.session.halted;
  }

  /** Whether an outage has been told, and nobody has answered well since. */
  get isDown(): boolean {
    return this.#api.session.isDown;
  }

  /** The credentials have proved to work. */
  resume(): void {
    this.#api.session.resume();
  }

  /** A client in this one's place did not work before, and that was told: `onWorks` is told of the first good answer. */
  followsTrouble(): void {
    this.#api.session.followsTrouble();
  }

  /** By how much the server's clock is ahead of this machine's, in ms, as its newest answer says; undefined before. */
  get clockOffset(): number | undefined {
    return this.#api.session.clockOffset;
  }

  /** Told once at each halt. */
  set onHalt(listener: (fault: AbiquoFault) => void) {
    this.#api.session.onHalt = listener;
  }

  /** Told once at each outage, when nobody has answered well for half a minute of attempts. */
  set onOutage(listener: (fault: AbiquoFault) => void) {
    this.#api.session.onOutage = listener;
  }

  /** Told once when it works again after a halt or an outage was told. */
  set onWorks(listener: () => void) {
    this.#api.session.onWorks = listener;
  }

  /**
   * major.minor of the API, asked once unless configured, and again when the server refuses it; callers at the same time
   * share the question.
   */
  version(signal?: AbortSignal): Promise<string> {
    return this.#api.version(signal);
  }

  /**
   * Lets the task go on: from QUEUEING to PENDING.
   *
   * @param link of the task, absolute
   * @param text kept by Abiquo with the task; empty = none
   */
  continueTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#api.answer(link, text, signal);
  }

  /** Ends the task: from QUEUEING to CANCELLED. Parameters as of `continueTask`. */
  cancelTask(link: string, text: string, signal?: AbortSignal): Promise<void> {
    return this.#api.answer(link, text, signal);
  }

  /**
   * @param selfLink absolute
   * @throws Fault ABIQUO_BAD_TASK when what is there is no task
   */
  async readTask(selfLink: string, signal?: AbortSignal): Promise<AbiquoTask> {
    return taskFromDto(await this.#api.read(selfLink, "task", signal), this.base);
  }

  /**
   * Tasks that wait for an answer, of an enterprise or of one of its users. A task that moves between pages
   * while they are read comes once.
   *
   * @param onProblem is told of elements that are no usable task (ABIQUO_BAD_TASK, ABIQUO_BAD_LINK)
   */
  pendingTasks(
    query: PendingQuery,
    signal?: AbortSignal,
    onProblem: (fault: Fault) => void = () => undefined,
  ): AsyncGenerator<AbiquoTask, void> {
    return pendingTasksOf(this.#api, query, signal, onProblem);
  }

  /**
   * As `pendingTasks`, page by page: a page that could not be read is read by the next call.
   *
   * @param enterprise id
   */
  pendingPages(enterprise: string, onProblem: (fault: Fault) => void = () => undefined): Pages<AbiquoTask> {
    return pendingPagesOf(this.#api, { enterprise }, onProblem);
  }

  /** The tasks that Abiquo remembers of a machine, whatever their state. @param machine its link, absolute */
  tasksOf(machine: string, signal?: AbortSignal): Promise<AbiquoTask[]> {
    return readTasksOf(this.#api, machine, signal);
  }

  /**
   * What happened on the platform, oldest first, one page of it. Documented for 4.4 and later.
   *
   * @param from where to begin: a moment in seconds since 1970 of the server's clock, or where the page before ended
   */
  events(from: number | EventCursor, signal?: AbortSignal): Promise<EventPage> {
    return readEvents(this.#api, from, signal);
  }

  /**
   * Reads any resource.
   *
   * @param link absolute, below the base
   * @param name of its media type, as `virtualmachine` in `application/vnd.abiquo.virtualmachine+json`
   * @param known what an earlier reading brought, which is not sent again while the server says that it still holds
   */
  read(link: string, name: string, known?: Resource): Promise<Resource> {
    return this.#api.readResource(link, name, known);
  }

  /** The user whose credentials these are. */
  currentUser(signal?: AbortSignal): Promise<AbiquoUser> {
    return this.user(`${this.base}/login`, signal);
  }

  /** @param link of a task to the user who asked; absolute */
  async user(link: string, signal?: AbortSignal): Promise<AbiquoUser> {
    return userOf(await this.#api.read(link, "user", signal));
  }

  /** The users of an enterprise whom these credentials may see. */
  users(enterprise: string, signal?: AbortSignal): AsyncGenerator<AbiquoUser, void> {
    return usersOf(this.#api, enterprise, signal);
  }

  /** Names of the roles that the user may see. */
  roleNames(signal?: AbortSignal): AsyncGenerator<string, void> {
    return roleNames(this.#api, signal);
  }

  /** The id of the enterprise that a virtual datacenter belongs to; empty when its links do not say. */
  datacenterEnterprise(virtualDatacenter: string, signal?: AbortSignal): Promise<string> {
    return readDatacenterEnterprise(this.#api, virtualDatacenter, signal);
  }

  /**
   * Enterprises that the user may see.
   *
   * @param query `workflow` = only those with workflow on (true) or off (false)
   */
  enterprises(query: { readonly workflow?: boolean } = {}, signal?: AbortSignal): AsyncGenerator<AbiquoEnterprise, void> {
    return enterprisesOf(this.#api, query.workflow, signal);
  }

  /** The enterprises with workflow on that the user may see, page by page: a page that could not be read is read by the next call. */
  enterprisePages(): Pages<AbiquoEnterprise> {
    return enterprisePagesOf(this.#api, true);
  }

  enterprise(id: string, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    return readEnterprise(this.#api, id, signal);
  }

  /**
   * Turns the workflow of one enterprise on or off. The PUT carries the whole entity, so all its other fields
   * go back as they came, also those of later versions.
   */
  setEnterpriseWorkflow(id: string, enabled: boolean, signal?: AbortSignal): Promise<AbiquoEnterprise> {
    return writeEnterpriseWorkflow(this.#api, id, enabled, signal);
  }

  /** Endpoint and switch of the whole platform. */
  platformWorkflow(signal?: AbortSignal): Promise<PlatformWorkflow> {
    return readPlatformWorkflow(this.#api, signal);
  }

  /**
   * Sets the endpoint first and the switch then, since tasks fail while the switch is on without an endpoint;
   * turning it off leaves the endpoint alone. Each property is changed by itself: a PUT of the collection would
   * delete all others.
   *
   * @returns what holds afterwards
   */
  setPlatformWorkflow(change: { endpoint?: string; enabled?: boolean }, signal?: AbortSignal): Promise<PlatformWorkflow> {
    return writePlatformWorkflow(this.#api, change, signal);
  }

  /** Cuts short what is under way. */
  close(): Promise<void> {
    return this.#api.session.close();
  }
}
