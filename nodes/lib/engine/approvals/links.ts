import {
  type DecisionLink,
  type InboxLink,
  type LinkKeys,
  type LinkReading,
  newLinkKeys,
  readInbox,
  readLink,
  rotateLinkKeys,
  signInbox,
  signLink,
} from "../../approval/index.ts";
import type { Ledger } from "../../ledger/index.ts";
import type { Clock } from "../clock.ts";

/** The signing keys as the ledger keeps them. */
interface KeyRing {
  readonly keys: LinkKeys;
  /** when the first of them began to sign, in ms since 1970 */
  readonly since: number;
}

const SETTING = "link-keys";
const DAY = 24 * 60 * 60_000;
/** How long one key signs. */
const KEY_AGE = 90 * DAY;
/** How often a token that no key knows makes us look for new keys, in ms: anybody may send such tokens. */
const LOOK_AGAIN = 10_000;
/** Longer than any link is valid: so long a retired key still verifies. */
const LONGEST_VALIDITY = 366 * DAY;

/** The links of one ledger: signed by keys that live there, so that they hold over restarts and instances. */
export class ApprovalLinks {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  #ring: KeyRing | undefined;
  #loadedAt = 0;

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** A token by which this person decides. */
  async decision(link: DecisionLink): Promise<string> {
    return signLink((await this.#current()).keys, link);
  }

  /** A token for all that waits for one person. */
  async inbox(link: InboxLink): Promise<string> {
    return signInbox((await this.#current()).keys, link);
  }

  async readDecision(token: string): Promise<LinkReading<DecisionLink>> {
    return this.#read((keys) => readLink(keys, token, this.#clock.now()));
  }

  async readInbox(token: string): Promise<LinkReading<InboxLink>> {
    return this.#read((keys) => readInbox(keys, token, this.#clock.now()));
  }

  async #read<Link>(read: (keys: LinkKeys) => LinkReading<Link>): Promise<LinkReading<Link>> {
    const reading = read((await this.#current()).keys);
    if (reading.code !== "BAD" || this.#clock.now() - this.#loadedAt < LOOK_AGAIN) return reading;
    // Another instance may have begun a new key since.
    this.#ring = undefined;
    return read((await this.#current()).keys);
  }

  async #current(): Promise<KeyRing> {
    this.#ring ??= await this.#load();
    const now = this.#clock.now();
    if (now - this.#ring.since < KEY_AGE) return this.#ring;
    const rotated: KeyRing = { keys: rotateLinkKeys(this.#ring.keys, now, LONGEST_VALIDITY), since: now };
    await this.#ledger.approvals.replaceSetting(SETTING, JSON.stringify(this.#ring), JSON.stringify(rotated));
    // What holds is what the ledger has: another instance may have been faster.
    return (this.#ring = await this.#load());
  }

  async #load(): Promise<KeyRing> {
    const first: KeyRing = { keys: newLinkKeys(), since: this.#clock.now() };
    const ring = JSON.parse(await this.#ledger.approvals.setting(SETTING, JSON.stringify(first))) as KeyRing;
    this.#loadedAt = this.#clock.now();
    return ring;
  }
}
