/** A sample line as it was read. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Reads the text format of Prometheus, version 0.0.4, as its specification says, and refuses what that does not allow:
 * HELP and TYPE at most once for a metric and before its samples, one group of lines for a metric, no labels twice,
 * escapes, and histograms whose buckets grow and end with +Inf.
 *
 * @throws Error what is wrong with which line
 */
export function readExposition(text: string): Map<string, ReadMetric> {
  const metrics = new Map<string, ReadMetric>();
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  let current: ReadMetric | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") {
        if (metrics.has(name)) throw new Error(`${name} is told of twice`);
        current = { name, type: "untyped", help: unescaped(rest, "n\\"), samples: [] };
        metrics.set(name, current);
        continue;
      }
      if (!["counter", "gauge", "histogram", "summary", "untyped"].includes(rest)) throw new Error(`no type: ${line}`);
      if (current?.name !== name || current.samples.length > 0) throw new Error(`TYPE out of its place: ${line}`);
      current = { ...current, type: rest };
      metrics.set(name, current);
      continue;
    }
    const sample = sampleOf(line);
    if (current === undefined || !belongs(sample.name, current)) throw new Error(`a sample out of its place: ${line}`);
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (current.samples.some((other) => JSON.stringify([other.name, Object.entries(other.labels).sort()]) === key)) {
      throw new Error(`twice: ${line}`);
    }
    current.samples.push(sample);
  }
  for (const metric of metrics.values()) if (metric.type === "histogram") requireHistogram(metric);
  return metrics;
}

function sampleOf(line: string): ReadSample {
  const name = /^[^\s{]+/.exec(line)?.[0] ?? "";
  if (!NAME.test(name)) throw new Error(`no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const pair = /^([^=]+)="((?:[^"\\\n]|\\.)*)",?/.exec(rest);
      const [all = "", label = "", value = ""] = pair ?? [];
      if (!LABEL.test(label) || label in labels) throw new Error(`no label: ${line}`);
      labels[label] = unescaped(value, 'n\\"');
      rest = rest.slice(all.length);
    }
    rest = rest.slice(1);
  }
  const number = rest.trim();
  if (!/^ /.test(rest)) throw new Error(`no blank before the value: ${line}`);
  if (NUMBER.test(number)) return { name, labels, value: Number(number) };
  const special = { "+Inf": Number.POSITIVE_INFINITY, "-Inf": Number.NEGATIVE_INFINITY, NaN: Number.NaN }[number];
  if (special === undefined) throw new Error(`no number: ${line}`);
  return { name, labels, value: special };
}

function unescaped(text: string, known: string): string {
  return text.replace(/\\(.?)/g, (_, letter: string) => {
    if (letter === "" || !known.includes(letter)) throw new Error(`an escape that is none: ${text}`);
    return letter === "n" ? "\n" : letter;
  });
}

function belongs(sample: string, { name, type }: ReadMetric): boolean {
  return type === "histogram" ? ["_bucket", "_sum", "_count"].some((end) => sample === name + end) : sample === name;
}

function requireHistogram({ name, samples }: ReadMetric): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"])));
  const grows = (values: readonly number[], strictly: boolean): boolean =>
    values.every((value, index) => index === 0 || (strictly ? value > Number(values[index - 1]) : value >= Number(values[index - 1])));
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY || !grows(bounds, true)) throw new Error(`${name}: bounds ${String(bounds)}`);
  if (
    !grows(
      buckets.map(({ value }) => value),
      false,
    )
  )
    throw new Error(`${name}: buckets shrink`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (count !== buckets.at(-1)?.value) throw new Error(`${name}: _count is not the last bucket`);
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no _sum`);
}
