/** Takes the secrets out of a text that somebody else has written. */
export type Redact = (text: string) => string;

const MASK = "***";
/** Of a shorter secret the place alone would tell too much, so that the whole text goes. */
const SHORT = 4;
/** A shorter piece of Base64 stands in many a text by chance. */
const SHORTEST_PIECE = 6;

/**
 * Masks these secrets as they are, percent-encoded in whatever way (RFC 3986 section 2.1, forms included), and in
 * Base64 in both alphabets (RFC 4648), also where more was encoded with them, as in an Authorization header.
 *
 * @param names are masked too, unless they are so short that they stand in words
 */
export function redactor(secrets: readonly string[], names: readonly string[] = []): Redact {
  const short = secrets
    .filter((secret) => secret !== "" && secret.length < SHORT)
    .flatMap((secret) => [secret, encodeURIComponent(secret), unpadded(Buffer.from(secret, "utf8"))]);
  const long = [...secrets, ...names].filter((secret) => secret.length >= SHORT);
  const forms = [...new Set(long.flatMap((secret) => [secret, ...base64Of(secret)]))].sort((one, other) => other.length - one.length);
  const pattern = forms.length === 0 ? undefined : new RegExp(forms.map(patternOf).join("|"), "g");
  return (text) => {
    if (short.some((secret) => text.includes(secret))) return MASK;
    return pattern === undefined ? text : text.replace(pattern, MASK);
  };
}

/** Each character as it is, or percent-encoded; a blank also as a plus, a plus and a slash also in the other alphabet. */
function patternOf(form: string): string {
  return [...form]
    .map((character) => {
      const octets = [...Buffer.from(character, "utf8")].map((octet) => `%${anyCase(octet.toString(16).padStart(2, "0"))}`).join("");
      const others = character === " " ? "|\\+" : character === "+" ? "|-" : character === "/" ? "|_" : "";
      return `(?:${escaped(character)}|${octets}${others})`;
    })
    .join("");
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** What of the secret's Base64 is the same whatever stands before and after it; one piece for each way it may fall. */
function base64Of(secret: string): string[] {
  const octets = Buffer.from(secret, "utf8");
  const pieces = [0, 1, 2].map((before) => {
    const text = unpadded(Buffer.concat([Buffer.alloc(before), octets]));
    const first = Math.ceil((before * 8) / 6);
    return text.slice(first, Math.floor(((before + octets.length) * 8) / 6));
  });
  return [unpadded(octets), ...pieces].filter((piece) => piece.length >= SHORTEST_PIECE);
}

function unpadded(octets: Buffer): string {
  return octets.toString("base64").replaceAll("=", "");
}
