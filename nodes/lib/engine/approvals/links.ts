import {
  type DecisionLink,
  type FormToken,
  type InboxLink,
  type LinkKey,
  type LinkReading,
  newLinkKeys,
  readForm,
  readInbox,
  readLink,
  rotateLinkKeys,
  signForm,
  signInbox,
  signLink,
} from "../../approval/index.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Ledger } from "../../ledger/index.ts";
import { type KeyRing, keptKeyRing, type Revocation } from "./kept.ts";

export type { Revocation } from "./kept.ts";

/** With the text that is in the ledger, by which another instance's change is noticed. */
type LoadedRing = KeyRing & { readonly text: string };

/** `REVOKED`: the link was ours, and opens nothing any more. */
export type Reading<Link> = LinkReading<Link> | { readonly code: "REVOKED"; readonly link: Link };

const SETTING = "link-keys";
const DAY = 24 * 60 * 60_000;
/** How long one key signs. */
const KEY_AGE = 90 * DAY;
/** After so long the keys are read again, in ms: another instance or the command line may have replaced them. */
const LOOK_AGAIN = 10_000;
/** Longer than any link is valid: so long a retired key still verifies. */
const LONGEST_VALIDITY = 366 * DAY;

/** As `ApprovalLinks.revoke`, for whoever works beside the process whose ledger it is. */
export function revokeLinks(ledger: Ledger, by: string, reason?: string): Promise<Revocation> {
  return new ApprovalLinks(ledger, systemClock).revoke(by, reason);
}

/** The links of one ledger: signed by keys that live there, so that they hold over restarts and instances. */
export class ApprovalLinks {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  #ring: LoadedRing | undefined;
  #loadedAt = 0;

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** A token by which this person decides. */
  async decision(link: DecisionLink): Promise<string> {
    return signLink((await this.#current()).keys, this.#bounded(link));
  }

  /** A token for all that waits for one person. */
  async inbox(link: InboxLink): Promise<string> {
    return signInbox((await this.#current()).keys, this.#bounded(link));
  }

  /** A token that a form must bring back. */
  async form(token: FormToken): Promise<string> {
    return signForm((await this.#current()).keys, this.#bounded(token));
  }

  async readDecision(token: string): Promise<Reading<DecisionLink>> {
    return this.#read((keys) => readLink(keys, token, this.#clock.now()));
  }

  async readInbox(token: string): Promise<Reading<InboxLink>> {
    return this.#read((keys) => readInbox(keys, token, this.#clock.now()));
  }

  async readForm(token: string): Promise<Reading<FormToken>> {
    return this.#read((keys) => readForm(keys, token, this.#clock.now()));
  }

  /** From now on no link that was signed before opens anything; on other instances after ten seconds at the latest. */
  async revoke(by: string, reason?: string): Promise<Revocation> {
    for (;;) {
      const ring = (this.#ring = await this.#load());
      const at = this.#clock.now();
      const revocation: Revocation = { by, ...(reason === undefined ? {} : { reason }), at };
      const keys = newLinkKeys();
      const [, ...retired] = rotateLinkKeys(ring.keys, at, LONGEST_VALIDITY);
      const former = (ring.revoked ?? []).filter(({ until = 0 }) => until > at);
      if ((await this.#replace(ring, { keys, since: at, revoked: [...retired, ...former], revocation })).keys[0].id === keys[0].id)
        return revocation;
    }
  }

  #bounded<Link extends { readonly expiresAt: number }>(link: Link): Link {
    return { ...link, expiresAt: Math.min(link.expiresAt, this.#clock.now() + LONGEST_VALIDITY) };
  }

  async #read<Link>(read: (keys: readonly LinkKey[]) => LinkReading<Link>): Promise<Reading<Link>> {
    const { keys, revoked = [] } = await this.#current();
    const reading = read(keys);
    if (reading.code !== "BAD") return reading;
    const former = read(revoked);
    return former.code === "BAD" ? former : { code: "REVOKED", link: former.link };
  }

  async #current(): Promise<LoadedRing> {
    const now = this.#clock.now();
    const isFresh = Math.abs(now - this.#loadedAt) < LOOK_AGAIN;
    const ring = (this.#ring = this.#ring !== undefined && isFresh ? this.#ring : await this.#load());
    if (now - ring.since < KEY_AGE) return ring;
    return this.#replace(ring, { ...withoutText(ring), keys: rotateLinkKeys(ring.keys, now, LONGEST_VALIDITY), since: now });
  }

  /** What holds then is what the ledger has: another instance may have been faster. */
  async #replace({ text }: LoadedRing, by: KeyRing): Promise<LoadedRing> {
    await this.#ledger.settings.replace(SETTING, text, keptKeyRing.write(by));
    return (this.#ring = await this.#load());
  }

  /** @throws Fault KEPT_NEWER, KEPT_UNREADABLE: new keys would make every link worthless that was sent */
  async #load(): Promise<LoadedRing> {
    const first = keptKeyRing.write({ keys: newLinkKeys(), since: this.#clock.now() });
    const text = await this.#ledger.settings.get(SETTING, first);
    const ring = { ...keptKeyRing.read(text), text };
    this.#loadedAt = this.#clock.now();
    return ring;
  }
}

function withoutText({ text: _text, ...ring }: LoadedRing): KeyRing {
  return ring;
}
