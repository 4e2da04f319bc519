import { unwatchFile, watchFile } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { NodeMessage } from "node-red";
import { Fault, type FaultParams } from "../lib/base/fault.ts";
import type { Message } from "../lib/node-red/define.ts";
import { compileRules, type RuleOptions, type RuleSet, RulesFault, readRuleSet } from "../lib/rules/index.ts";
import type { DecisionKit } from "./words.ts";

/** Where a node takes its rules from. */
export interface RuleSource {
  /** The rules for this message; or why there are none, which sends its tasks to review. */
  rulesFor(message: Message): Promise<RuleSet | Fault>;
  /** The rules as they are now, without a message; absent where only messages bring them. */
  readonly current: RuleSet | undefined;
  /** False while what is wrong with the rules is the node's status. */
  readonly isSound: boolean;
}

/** How often a file is looked at while no message asks for it, in ms. */
const LOOK_INTERVAL = 2_000;

const sources = new WeakMap<object, RuleSource>();

/** The rules that a deployed node has now. */
export function deployedRules(node: unknown): RuleSet | undefined {
  return typeof node === "object" && node !== null ? sources.get(node)?.current : undefined;
}

/**
 * Opens the source that the node's `rulesFrom` names: `node` (its own `rules`), `file` (`rulesFile`, relative to
 * the user directory), or `msg` (the property `rulesProperty`).
 *
 * @throws RulesFault when the node's own rules are wrong; Fault CONFIG_INVALID, ENV_UNSET
 */
export function ruleSource(kit: DecisionKit): RuleSource {
  const { config } = kit;
  const options: RuleOptions = {
    scope: config.choice("scope", ["task", "group"]),
    otherwise: config.choice("otherwise", ["review", "continue", "cancel"]),
  };
  const from = config.choice("rulesFrom", ["node", "file", "msg"]);
  const source = from === "node" ? ownRules(kit, options) : from === "file" ? new RulesFile(kit, options) : messageRules(kit, options);
  sources.set(kit.node, source);
  return source;
}

function ownRules({ config }: DecisionKit, options: RuleOptions): RuleSource {
  const value = config.raw("rules") ?? [];
  const rules = compileRules(value, options);
  const list = Array.isArray(value) ? value : (JSON.parse(String(value) || "[]") as unknown[]);
  const set: RuleSet = { rules, list, ...options };
  return { rulesFor: async () => set, current: set, isSound: true };
}

function messageRules(kit: DecisionKit, options: RuleOptions): RuleSource {
  const property = required(kit, "rulesProperty");
  let lastText: string | undefined;
  let last: RuleSet | Fault | undefined;
  return {
    current: undefined,
    isSound: true,
    async rulesFor(message) {
      const value = propertyOf(kit, message, property);
      const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
      if (last === undefined || text !== lastText) {
        last = tryToRead(value, options, `msg.${property}`);
        lastText = text;
      }
      return last;
    },
  };
}

/** Node-RED throws where the way to a property ends early. */
function propertyOf({ RED }: DecisionKit, message: Message, property: string): unknown {
  try {
    return RED.util.getMessageProperty(message as NodeMessage, property) as unknown;
  } catch {
    return undefined;
  }
}

/** @returns the rules, or Fault RULES_UNUSABLE */
function tryToRead(value: unknown, options: RuleOptions, place: string): RuleSet | Fault {
  try {
    return readRuleSet(value, options);
  } catch (error) {
    if (!(error instanceof RulesFault)) throw error;
    return unusable("RULES_UNUSABLE", paramsOf(error, place));
  }
}

/** The parameters of the first problem's own text are among them. */
function paramsOf({ problems }: RulesFault, place: string): FaultParams {
  const first = problems[0];
  if (first === undefined) return { place };
  return {
    ...first.params,
    place: first.line === undefined ? place : `${place}:${first.line}:${first.column}`,
    rule: first.name ?? (first.rule < 0 ? "–" : `#${first.rule + 1}`),
    problem: first.code,
    count: problems.length,
  };
}

function unusable(code: "RULES_UNUSABLE" | "RULES_KEPT", params: FaultParams): Fault {
  const { place = "", rule = "–", problem = "", count = 1 } = params;
  return code === "RULES_KEPT"
    ? new Fault("RULES_KEPT", { ...params, place, rule, problem, count })
    : new Fault("RULES_UNUSABLE", { ...params, place, rule, problem, count });
}

function required({ config }: DecisionKit, property: string): string {
  const value = config.text(property);
  if (value === "") throw new Fault("CONFIG_INVALID", { property });
  return value;
}

/**
 * Rules in a file, which is looked at with each message, and every other second without. A version that cannot be
 * used leaves the last good one in force.
 */
class RulesFile implements RuleSource {
  readonly #kit: DecisionKit;
  readonly #options: RuleOptions;
  readonly #name: string;
  readonly #path: string;
  #version = "";
  #good: RuleSet | undefined;
  #fault: Fault | undefined;
  #look: Promise<void> | undefined;

  constructor(kit: DecisionKit, options: RuleOptions) {
    this.#kit = kit;
    this.#options = options;
    this.#name = required(kit, "rulesFile");
    this.#path = isAbsolute(this.#name) ? this.#name : join(kit.RED.settings.userDir ?? process.cwd(), this.#name);
    const look = (): void => void this.#lookNow();
    kit.onStart(() => this.#lookNow());
    watchFile(this.#path, { persistent: false, interval: LOOK_INTERVAL }, look);
    kit.onClose(() => unwatchFile(this.#path, look));
  }

  get current(): RuleSet | undefined {
    return this.#good;
  }

  get isSound(): boolean {
    return this.#fault === undefined;
  }

  async rulesFor(): Promise<RuleSet | Fault> {
    await this.#lookNow();
    return this.#good ?? (this.#fault as Fault);
  }

  #lookNow(): Promise<void> {
    this.#look ??= this.#read().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async #read(): Promise<void> {
    let result: RuleSet | RulesFault;
    try {
      const { mtimeNs, ctimeNs, size, ino } = await stat(this.#path, { bigint: true });
      const version = [mtimeNs, ctimeNs, size, ino].join(" ");
      if (version === this.#version) return;
      const text = await readFile(this.#path, "utf8");
      this.#version = version;
      result = readRuleSet(text, this.#options);
    } catch (error) {
      if (!(error instanceof RulesFault)) return this.#unreadable(error as NodeJS.ErrnoException);
      result = error;
    }
    if (result instanceof RulesFault) this.#keep(paramsOf(result, this.#name));
    else this.#take(result);
  }

  #take(set: RuleSet): void {
    this.#good = set;
    this.#fault = undefined;
    this.#kit.show("rulesRead", { count: set.list.length });
  }

  #unreadable({ code = "" }: NodeJS.ErrnoException): void {
    // Told once, and again after it was readable.
    if (this.#version === code) return;
    this.#version = code;
    this.#keep({ place: this.#name, problem: "RULES_FILE_UNREADABLE", reason: code });
  }

  #keep(params: FaultParams): void {
    this.#fault = unusable(this.#good === undefined ? "RULES_UNUSABLE" : "RULES_KEPT", params);
    if (this.#good === undefined) this.#kit.show("rulesUnusable");
    else this.#kit.show("rulesKept");
    this.#kit.report(this.#fault);
  }
}
