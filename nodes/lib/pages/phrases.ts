import { oneLine } from "./html.ts";
import type { DecidedState, MachineView, OnDeadline, PersonView, SubjectView, Withdrawal } from "./view.ts";
import type { Words } from "./words.ts";

/** Task types that have words of their own. */
export const TASK_TYPES = ["DEPLOY", "UNDEPLOY", "RECONFIGURE"] as const;

export function nameOf({ email, name }: PersonView): string {
  return oneLine(name ?? "") || oneLine(email);
}

/** Name and address, for where it matters who exactly. */
export function fullNameOf(person: PersonView): string {
  const name = nameOf(person);
  return name === person.email ? name : `${name} (${oneLine(person.email)})`;
}

/** The address with all but its beginning hidden, for a page that anyone may see. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf("@");
  return at < 1 ? "***" : `${email.slice(0, 1)}***${email.slice(at)}`;
}

export function typeName(type: string, words: Words): string {
  return words.knows(`pages.type.${type}`) ? words.say(`pages.type.${type}`) : type;
}

/** What is asked, in one line: the flow's own title, or one made of type, number and name. */
export function titleOf(
  subject: Pick<SubjectView, "type" | "title" | "virtualAppliance">,
  machines: { count: number; name?: string },
  words: Words,
): string {
  const own = oneLine(subject.title ?? "");
  if (own !== "") return own;
  const known = (TASK_TYPES as readonly string[]).includes(subject.type);
  const key = known ? subject.type : "other";
  const type = oneLine(subject.type);
  const name = machines.count === 1 ? oneLine(machines.name ?? "") : "";
  if (name !== "") return words.say(`pages.titleOne.${key}`, { name, type });
  return words.count(`pages.title.${key}`, machines.count, { type });
}

export function subjectTitle(subject: SubjectView, words: Words): string {
  return titleOf(subject, { count: subject.machines.length, name: subject.machines[0]?.name }, words);
}

/** Enterprise, virtual datacenter and virtual appliance, as far as they are known. */
export function placeOf(subject: Pick<SubjectView, "enterprise" | "virtualDatacenter" | "virtualAppliance">): string {
  return [subject.enterprise, subject.virtualDatacenter, subject.virtualAppliance]
    .map((part) => oneLine(part ?? ""))
    .filter((part) => part !== "")
    .join(" › ");
}

/** Whether what becomes of the request becomes of this machine too. */
export function isInQuestion({ excepted, decided }: MachineView): boolean {
  return excepted !== true && decided !== true;
}

export interface Totals {
  /** machines in question */
  readonly count: number;
  readonly cpu?: number;
  readonly ramMb?: number;
  readonly diskMb?: number;
  /** true when more is stored than is known */
  readonly diskIsPart?: boolean;
  /** machines of which an amount is not known */
  readonly incomplete: number;
}

const AMOUNTS = ["cpu", "ramMb", "diskMb"] as const;

/** The sums of what is known of the machines in question; an amount that none of them has stays open. */
export function totalsOf(all: readonly MachineView[]): Totals {
  const machines = all.filter(isInQuestion);
  const sums: { cpu?: number; ramMb?: number; diskMb?: number } = {};
  for (const machine of machines) {
    for (const amount of AMOUNTS) {
      const value = machine[amount];
      if (value !== undefined) sums[amount] = (sums[amount] ?? 0) + value;
    }
  }
  const incomplete = machines.filter((machine) =>
    AMOUNTS.some((amount) => sums[amount] !== undefined && machine[amount] === undefined),
  ).length;
  const isPart = machines.some(({ diskMb, diskIsPart }) => diskMb !== undefined && diskIsPart === true);
  return { count: machines.length, ...sums, ...(isPart ? { diskIsPart: true } : {}), incomplete };
}

/** Processors, memory and disk with their names, as far as they are known. */
export function amountsOf(
  { cpu, ramMb, diskMb, diskIsPart }: Pick<MachineView, "cpu" | "ramMb" | "diskMb" | "diskIsPart">,
  words: Words,
): string[] {
  return [
    ...(cpu === undefined ? [] : [words.count("pages.amount.cpu", cpu)]),
    ...(ramMb === undefined ? [] : [words.say("pages.amount.ram", { size: words.size(ramMb) })]),
    ...(diskMb === undefined
      ? []
      : [words.say(diskIsPart === true ? "pages.amount.diskAtLeast" : "pages.amount.disk", { size: words.size(diskMb) })]),
  ];
}

/** What happens when nobody answers in time; nothing when there is no deadline. */
export function deadlineEffect(dueAt: number | undefined, onDeadline: OnDeadline | undefined, words: Words): string {
  return dueAt === undefined || onDeadline === undefined ? "" : words.say(`pages.onDeadline.${onDeadline}`);
}

/** Who or what decided, in a sentence without the instant. */
export function decidedBy({ outcome, cause, by }: Omit<DecidedState, "kind">, words: Words): string {
  const named = by === undefined ? "" : "By";
  const key = `pages.decided.${outcome}.${cause}${named}`;
  const params = { by: by === undefined ? "" : fullNameOf(by) };
  return words.say(words.knows(key) ? key : `pages.decided.${outcome}.plain${named}`, params);
}

export function withdrawnBy({ by, elsewhere }: Pick<Withdrawal, "by" | "elsewhere">, words: Words): string {
  if (elsewhere === true) return words.say("pages.state.withdrawn.elsewhere");
  return by === undefined ? words.say("pages.state.withdrawn.text") : words.say("pages.state.withdrawn.textBy", { by: fullNameOf(by) });
}
