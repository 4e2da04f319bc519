/** Values a fault's text may name: never a secret, and short enough to show to a person. */
export type FaultParams = Readonly<Record<string, string | number>>;

/**
 * Something that went wrong, named by a stable code. It carries no prose: the words, with the next step to
 * take, are in the catalogue (`faults.<code>` in `locales/<language>/abiquo-config.json`), filled in from
 * `params` by `lib/node-red`. `message` is the developer's form, for stack traces and tests.
 */
export class Fault extends Error {
  readonly code: string;
  readonly params: FaultParams;

  constructor(code: string, params: FaultParams = {}, cause?: unknown) {
    super(developerText(code, params), cause === undefined ? undefined : { cause });
    this.name = "Fault";
    this.code = code;
    this.params = params;
  }
}

function developerText(code: string, params: FaultParams): string {
  const details = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  return details.length === 0 ? code : `${code} (${details.join(", ")})`;
}
