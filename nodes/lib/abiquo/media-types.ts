/**
 * A media type of the API, for reading and for writing.
 *
 * @param name as `task`
 * @param version major.minor, as `6.1`; without it the server answers in its newest form
 */
export function mediaType(name: string, version: string): string {
  const type = `application/vnd.abiquo.${name}+json`;
  return version === "" ? type : `${type}; version=${version}`;
}

/** `6.1` of `6.1.2`; `3.10` of `3.10.4`. Undefined when the text is no version. */
export function majorMinor(text: string): string | undefined {
  return /^\s*v?(\d+\.\d+)(?:[.\-+\s]|$)/.exec(text)?.[1];
}
