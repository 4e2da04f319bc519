import { type Approval, isApproval, isLinkKey, isRawPolicy, type LinkKey, type LinkKeys, type RawPolicy } from "../../approval/index.ts";
import { codec } from "../../base/codec.ts";
import { type Check, isFlag, isListOf, isNumber, isOneOf, isRecord, isText, only, optional } from "../../base/shape.ts";
import type { MachineView, PersonView, SubjectView } from "../../pages/index.ts";

/** What a node asks for; the same for each of its requests. */
export interface ApprovalTerms {
  readonly policy: RawPolicy;
  /** BCP 47: in which mails and pages speak */
  readonly language: string;
  /** IANA name: in which they tell times */
  readonly timeZone: string;
  /** how long a link decides, in ms */
  readonly linkValidity: number;
  /** the node root of this Node-RED as its people reach it; empty when unknown, and then there are no links */
  readonly publicUrl: string;
}

/** The part of an approval that never changes, as the ledger keeps it. */
export interface KeptRequest extends ApprovalTerms {
  readonly subject: Omit<SubjectView, "requester">;
}

/** The part that changes. */
export interface KeptState {
  readonly approval: Approval;
  readonly requester?: PersonView;
}

/** What one person is notified of. */
export interface Notification {
  readonly kind: "asked" | "reminder" | "escalated" | "decided" | "withdrawn";
  readonly level: number;
  readonly person: { readonly email: string; readonly name?: string };
  readonly dueAt?: number;
  /** the requester hears of the result without having been asked */
  readonly requester?: boolean;
}

/** The keys that sign links, as the ledger keeps them. */
export interface KeyRing {
  readonly keys: LinkKeys;
  /** when the first of them began to sign, in ms since 1970 */
  readonly since: number;
  /** keys whose links were revoked: only good to tell whom such a link was for; not among `keys`, where 0.1.0 looks */
  readonly revoked?: readonly LinkKey[];
  /** the last time that all links were revoked */
  readonly revocation?: Revocation;
}

/** Who revoked all links, and why. */
export interface Revocation {
  readonly by: string;
  readonly reason?: string;
  /** in ms since 1970 */
  readonly at: number;
}

const isPersonView = isRecord<PersonView>({ email: isText, name: optional(isText) });

const isMachine = isRecord<MachineView>({
  id: isText,
  name: optional(isText),
  cpu: optional(isNumber),
  ramMb: optional(isNumber),
  diskMb: optional(isNumber),
  diskIsPart: optional(isFlag),
  excepted: optional(isFlag),
  decided: optional(isFlag),
});

const isSubject = isRecord<KeptRequest["subject"]>({
  type: isText,
  title: optional(isText),
  askedAt: isNumber,
  enterprise: optional(isText),
  virtualDatacenter: optional(isText),
  virtualAppliance: optional(isText),
  machines: isListOf(isMachine),
});

export const keptRequest = codec(
  "approval.request",
  [],
  only(
    isRecord<KeptRequest>({
      policy: isRawPolicy,
      language: isText,
      timeZone: isText,
      linkValidity: isNumber,
      publicUrl: isText,
      subject: isSubject,
    }),
  ),
);

export const keptState = codec(
  "approval.state",
  [],
  only(isRecord<KeptState>({ approval: isApproval, requester: optional(isPersonView) })),
);

export const keptNotification = codec(
  "notification.body",
  [],
  only(
    isRecord<Notification>({
      kind: isOneOf<Notification["kind"]>({ asked: true, reminder: true, escalated: true, decided: true, withdrawn: true }),
      level: isNumber,
      person: isPersonView,
      dueAt: optional(isNumber),
      requester: optional(isFlag),
    }),
  ),
);

const isKeys: Check<LinkKeys> = (value): value is LinkKeys => isListOf(isLinkKey)(value) && value.length > 0;

export const keptKeyRing = codec(
  "setting.link-keys",
  [],
  only(
    isRecord<KeyRing>({
      keys: isKeys,
      since: isNumber,
      revoked: optional(isListOf(isLinkKey)),
      revocation: optional(isRecord<Revocation>({ by: isText, reason: optional(isText), at: isNumber })),
    }),
  ),
);
