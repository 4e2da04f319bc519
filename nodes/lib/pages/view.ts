/** What pages and mails show: plain data. All instants are ms since 1970; every text may come from a stranger. */

export interface PersonView {
  readonly email: string;
  readonly name?: string;
}

export interface MachineView {
  /** the task's id: what a form's `except` names */
  readonly id: string;
  readonly name?: string;
  readonly cpu?: number;
  readonly ramMb?: number;
  readonly diskMb?: number;
  /** true when `diskMb` is a part only: the sizes of some disks or volumes are not known */
  readonly diskIsPart?: boolean;
  /** true when it has been left out, and so is rejected whatever becomes of the rest */
  readonly excepted?: boolean;
  /** true when it was decided past a request that still waits: nothing that is said here changes it */
  readonly decided?: boolean;
}

/** What is asked. */
export interface SubjectView {
  /** Abiquo's type: DEPLOY, UNDEPLOY, RECONFIGURE, or another */
  readonly type: string;
  /** the flow's own words for it; without them they are made of type and machines */
  readonly title?: string;
  readonly requester?: PersonView;
  readonly askedAt: number;
  readonly enterprise?: string;
  readonly virtualDatacenter?: string;
  readonly virtualAppliance?: string;
  readonly machines: readonly MachineView[];
}

export type Vote = "approve" | "reject";
export type Outcome = "approved" | "rejected";
export type Cause = "vote" | "deadline" | "no-approver" | "bypass" | "rule";
export type OnDeadline = "wait" | "reject" | "approve" | "escalate";
export type ReasonRule = "never" | "reject" | "always";

export interface LevelView {
  readonly name: string;
  /** `closed`: the request ended without it */
  readonly state: "ahead" | "current" | "approved" | "rejected" | "closed";
  /** approvals given, and how many it takes */
  readonly approvals: number;
  readonly needed: number;
  readonly people: readonly { readonly person: PersonView; readonly vote?: Vote }[];
}

export interface HistoryEntry {
  readonly kind:
    | "opened"
    | "asked"
    | "reminder"
    | "overdue"
    | "escalated"
    | "fallback"
    | "delegated"
    | "reassigned"
    | "approve"
    | "reject"
    | "level-approved"
    | "frozen"
    | "unfrozen"
    | "bypass"
    | "approved"
    | "rejected"
    | "deadline-approved"
    | "deadline-rejected"
    | "no-approver-rejected"
    | "withdrawn"
    | "elsewhere"
    | "stuck";
  readonly at: number;
  /** who did it */
  readonly by?: PersonView;
  /** whom it reached */
  readonly to?: PersonView;
  readonly level?: string;
  readonly reason?: string;
  /** how many machines this vote leaves out */
  readonly excepted?: number;
}

interface Deadline {
  readonly dueAt?: number;
  readonly onDeadline: OnDeadline;
}

export interface DecidedState {
  readonly kind: "decided";
  readonly outcome: Outcome;
  readonly cause: Cause;
  readonly by?: PersonView;
  readonly at: number;
  readonly reason?: string;
}

/** How the request stands for the person who looks. */
export type RequestState =
  /** it waits for this person */
  | ({ readonly kind: "waiting"; readonly requireReason: ReasonRule; readonly delegation: boolean | readonly string[] } & Deadline)
  /** this person has voted, and others have not */
  | ({ readonly kind: "voted"; readonly vote: Vote; readonly at: number; readonly reason?: string } & Deadline)
  /** this person has handed it on */
  | { readonly kind: "delegated"; readonly to: PersonView; readonly at: number }
  /** it is beyond this person's level, which was decided so, or was given to others */
  | { readonly kind: "passed"; readonly decision?: Omit<DecidedState, "kind"> }
  | { readonly kind: "frozen"; readonly by?: PersonView; readonly at: number; readonly reason?: string }
  | DecidedState
  | ({ readonly kind: "withdrawn" } & Withdrawal);

/** How a request ended without being decided here. */
export interface Withdrawal {
  readonly by?: PersonView;
  readonly at: number;
  readonly reason?: string;
  /** it was decided in Abiquo itself, which tells nobody's name */
  readonly elsewhere?: true;
}

/** What became of a POST to the page. */
export type PostResult =
  | { readonly kind: "counted"; readonly vote: Vote }
  /** the same person, the same vote, again */
  | { readonly kind: "repeated" }
  /** the request, or the person's level, was decided before; the state says by whom */
  | { readonly kind: "late"; readonly decision?: Omit<DecidedState, "kind"> }
  /** `why` is a refusal of the approval core, such as SELF_APPROVAL; what has no words here is told in general */
  | { readonly kind: "forbidden"; readonly why?: string }
  | { readonly kind: "reason-missing" }
  /** approved, with every machine left out: what was meant is not clear */
  | { readonly kind: "all-excepted" }
  | { readonly kind: "delegated"; readonly to: PersonView }
  | { readonly kind: "delegate-refused" }
  | { readonly kind: "failed" };

/** What the person had typed into a form that was refused. */
export interface Typed {
  readonly reason?: string;
  readonly except?: readonly string[];
  readonly to?: string;
}

export interface RequestView {
  readonly now: number;
  readonly person: PersonView;
  readonly subject: SubjectView;
  readonly state: RequestState;
  readonly levels: readonly LevelView[];
  readonly history: readonly HistoryEntry[];
  readonly inbox?: string;
  /** goes back with the form as `form` */
  readonly form?: string;
  /** the level that the person is shown, from 0; goes back with the forms as `level`, to mean no other */
  readonly level?: number;
  /** which of the pages of its machines is shown, from 1 */
  readonly machinesPage?: number;
  readonly result?: PostResult;
  readonly typed?: Typed;
}

/** The page of a link that was good once. It says nothing about the request. */
export interface ExpiredView {
  /** where a fresh link goes, as `maskedEmail` shows it */
  readonly email: string;
  readonly form?: string;
  readonly sent: boolean;
}

export interface InboxRow {
  /** what `pick` names: the request and the level on which it waits */
  readonly id: string;
  readonly page: string;
  readonly subject: Pick<SubjectView, "type" | "title" | "requester" | "askedAt" | "enterprise" | "virtualDatacenter" | "virtualAppliance">;
  readonly machines: number;
  /** the name when there is one machine */
  readonly machine?: string;
  readonly cpu?: number;
  readonly ramMb?: number;
  readonly diskMb?: number;
  readonly diskIsPart?: boolean;
  readonly level?: string;
  readonly dueAt?: number;
}

/** One request of a bulk decision. */
export interface BulkResult {
  readonly id: string;
  readonly page: string;
  readonly title: string;
  /** `elsewhere`: too late, since it was decided in Abiquo itself */
  readonly result: "counted" | "repeated" | "late" | "elsewhere" | "forbidden" | "reason-missing" | "failed";
  readonly decided?: DecidedState;
}

export interface InboxView {
  readonly now: number;
  readonly person: PersonView;
  readonly rows: readonly InboxRow[];
  /** requests that match the search, and all that wait for the person */
  readonly matching: number;
  readonly total: number;
  /** from 1 */
  readonly page: number;
  readonly pageSize: number;
  readonly query: string;
  /** the type that is shown; empty = every type */
  readonly type: string;
  readonly types: readonly string[];
  readonly form?: string;
  /** goes back with `all` as `upTo`: what comes later was not seen and is not meant */
  readonly turn: number;
  /** `reason-missing` and `none-picked` refuse the whole form; else each request has its own result */
  readonly result?:
    | { readonly vote: Vote; readonly refused: "reason-missing" | "none-picked" }
    | { readonly vote: Vote; readonly reason?: string; readonly each: readonly BulkResult[] };
  readonly typed?: { readonly reason?: string; readonly picked?: readonly string[]; readonly all?: boolean };
}

/** Most requests that one form decides. */
export const BULK_LIMIT = 1_000;

export interface NoticeView {
  readonly status: 403 | 404 | 405 | 408 | 410 | 413 | 500 | 503;
}

export interface MailView {
  readonly kind: "asked" | "reminder" | "escalated" | "decided" | "withdrawn";
  /** the requester is told what became of the request, and has no page of it */
  readonly audience: "approver" | "requester";
  readonly now: number;
  readonly person: PersonView;
  readonly subject: SubjectView;
  readonly level?: { readonly name: string; readonly position: number; readonly count: number };
  readonly dueAt?: number;
  readonly onDeadline?: OnDeadline;
  /** with `decided` */
  readonly decision?: DecidedState;
  /** with `withdrawn` */
  readonly withdrawal?: Withdrawal;
  readonly links: { readonly page?: string; readonly inbox?: string };
}
