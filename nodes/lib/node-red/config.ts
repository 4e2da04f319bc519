import { BlockList, isIP } from "node:net";
import { Fault } from "../base/fault.ts";

/**
 * Reads the properties of a node's configuration, which may be strings where `${NAME}` stood for a number,
 * a boolean or a list: Node-RED replaces such a value by the variable's text, and leaves it when unset.
 */
export class Configuration {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: object) {
    this.#values = values as Record<string, unknown>;
  }

  /** @throws Fault ENV_UNSET when the value is a variable that is not set */
  text(property: string, fallback = ""): string {
    const value = this.#values[property];
    if (value === undefined || value === null || value === "") return fallback;
    return setOrThrow(String(value)).trim();
  }

  /** As it was typed: a blank at either end may be part of a password. @throws Fault ENV_UNSET */
  secret(property: string): string {
    const value = this.#values[property];
    return value === undefined || value === null ? "" : setOrThrow(String(value));
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is no number, or lies below `least` */
  number(property: string, fallback: number, least = 0): number {
    const text = this.text(property);
    if (text === "") return fallback;
    const value = Number(text);
    if (!Number.isFinite(value) || value < least) throw new Fault("CONFIG_INVALID", { property });
    return value;
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is neither true nor false */
  flag(property: string): boolean {
    const text = this.text(property, "false").toLowerCase();
    if (["true", "1", "yes", "on"].includes(text)) return true;
    if (["false", "0", "no", "off"].includes(text)) return false;
    throw new Fault("CONFIG_INVALID", { property });
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when it is none of the choices. The first choice is the default. */
  choice<const T extends string>(property: string, choices: readonly [T, ...T[]]): T {
    const text = this.text(property, choices[0]);
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Fault("CONFIG_INVALID", { property });
    return found;
  }

  /** A list, a JSON array, or text with commas or line breaks. @throws Fault ENV_UNSET, CONFIG_INVALID */
  list(property: string): string[] {
    const value = this.#values[property];
    const items = Array.isArray(value) ? value : listIn(this.text(property), property);
    return items.map((item) => setOrThrow(String(item)).trim()).filter((item) => item !== "");
  }

  /** @throws Fault ENV_UNSET; CONFIG_INVALID when an entry is neither an address nor a CIDR range */
  addresses(property: string): AddressList {
    return new AddressList(this.list(property), property);
  }

  /** As it stands, for what is parsed elsewhere. @throws Fault ENV_UNSET */
  raw(property: string): unknown {
    const value = this.#values[property];
    return typeof value === "string" ? setOrThrow(value) : value;
  }
}

function setOrThrow(value: string): string {
  const unset = /^\$\{(.+)\}$/.exec(value.trim());
  if (unset !== null) throw new Fault("ENV_UNSET", { name: unset[1] ?? "" });
  return value;
}

function listIn(text: string, property: string): unknown[] {
  if (!text.startsWith("[")) return text.split(/[\n,;]/);
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    throw new Fault("CONFIG_INVALID", { property });
  }
}

/** Addresses and CIDR ranges, IPv4 and IPv6. */
export class AddressList {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  constructor(entries: readonly string[], property: string) {
    this.isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = "", bits, ...more] = entry.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      const widest = family === "ipv6" ? 128 : 32;
      const prefix = bits === undefined ? widest : /^\d+$/.test(bits) ? Number(bits) : -1;
      if (isIP(address) === 0 || prefix < 0 || prefix > widest || more.length > 0) throw new Fault("CONFIG_INVALID", { property });
      this.#list.addSubnet(address, prefix, family);
    }
  }

  has(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? "ipv6" : "ipv4");
  }
}
