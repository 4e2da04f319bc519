import { BlockList } from "node:net";
import { Fault } from "../base/fault.ts";
import { familyOf, type Network } from "../base/networks.ts";
import {
  type Reading,
  readChoice,
  readFlag,
  readList,
  readNetworks,
  readNumber,
  readSecret,
  readText,
  readWholeNumber,
} from "../base/settings.ts";

/**
 * The properties of a node's configuration, which may be strings where `${NAME}` stood for a number, a boolean or a
 * list: Node-RED replaces such a value by the variable's text, and leaves it when unset. What is read is judged by
 * base/settings, as in the dialogs; here it becomes a fault.
 */
export class Configuration {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: object) {
    this.#values = values as Record<string, unknown>;
  }

  /** @throws Fault ENV_UNSET when the value is a variable that is not set */
  text(property: string, fallback = ""): string {
    return valueOf(readText(this.#values[property], fallback), property);
  }

  /** As it was typed: a blank at either end may be part of a password. @throws Fault ENV_UNSET */
  secret(property: string): string {
    return valueOf(readSecret(this.#values[property]), property);
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is no number, or lies below `min` */
  number(property: string, fallback: number, min = 0): number {
    return valueOf(readNumber(this.#values[property], { fallback, min }), property);
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is no whole number, or lies below `min` */
  wholeNumber(property: string, fallback: number, min = 0): number {
    return valueOf(readWholeNumber(this.#values[property], { fallback, min }), property);
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is neither true nor false */
  flag(property: string): boolean {
    return valueOf(readFlag(this.#values[property]), property);
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is none of the choices. The first choice is the default. */
  choice<const T extends string>(property: string, choices: readonly [T, ...T[]]): T {
    return valueOf(readChoice(this.#values[property], choices), property);
  }

  /** A list, a JSON array, or text with commas or line breaks. @throws Fault ENV_UNSET, CONFIG_INVALID */
  list(property: string): string[] {
    return valueOf(readList(this.#values[property]), property);
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when an entry is neither an address nor a CIDR range */
  addresses(property: string): AddressList {
    return new AddressList(valueOf(readNetworks(this.#values[property]), property));
  }

  /** As it stands, for what is parsed elsewhere. @throws Fault ENV_UNSET */
  raw(property: string): unknown {
    const value = this.#values[property];
    return typeof value === "string" ? valueOf(readSecret(value), property) : value;
  }
}

function valueOf<T>(reading: Reading<T>, property: string): T {
  if ("value" in reading) return reading.value;
  const { problem } = reading;
  throw problem.kind === "unset" ? new Fault("ENV_UNSET", { name: problem.name }) : new Fault("CONFIG_INVALID", { property });
}

/** Addresses and networks, IPv4 and IPv6. */
export class AddressList {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  constructor(networks: readonly Network[]) {
    this.isEmpty = networks.length === 0;
    for (const { address, prefix, family } of networks) this.#list.addSubnet(address, prefix, family);
  }

  has(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
    const family = familyOf(plain);
    return family !== undefined && this.#list.check(plain, family);
  }
}
