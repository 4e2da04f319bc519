import { type Clock, systemClock } from "../base/clock.ts";
import { Counter, Histogram, type Labels, type Metric, type Sample, samplesOf } from "../base/exposition.ts";
import { Spared } from "../base/spared.ts";
import { type Ledger, STAGES } from "../ledger/index.ts";
import type { CircuitState, Observation } from "./observer.ts";

/** Upper bounds, in seconds. A person decides within days, a rule within the second. */
const RECEIPT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const DECISION = [0.1, 1, 10, 60, 300, 900, 3_600, 14_400, 86_400, 259_200, 604_800];
const DELIVERY = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const SWEEP = [0.5, 1, 5, 15, 60, 300, 900, 3_600];

/** For how long tasks have waited for a decision, in seconds. */
const AGES = [60, 900, 3_600, 14_400, 86_400, 259_200, 604_800];
/** Tenants that are shown by themselves, those with the most tasks; all others are `other`. */
const TENANTS = 20;

/** How old what is read from the ledger may be, in ms, if reading it takes no time. */
const OPEN_AGE = 1_000;
const ENDED_AGE = 5_000;

const OUTCOMES = ["continued", "cancelled", "already-continued", "already-cancelled", "gone", "refused"];
const STATUSES = ["200", "400", "401", "403", "413", "422", "429", "503"];
const CIRCUITS: readonly CircuitState[] = ["closed", "open", "half-open", "stopped"];
const DRIFTS = ["adopted", "elsewhere", "gone"];

const labelled = (name: string, values: readonly string[]): Labels[] => values.map((value) => ({ [name]: value }));
const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({ name, type: "gauge", help, samples });

/** What is counted of one engine, from before its ledger can be opened. Costs next to nothing until it is asked for. */
export class EngineMetrics {
  readonly #clock: Clock;
  readonly #webhooks = new Counter(labelled("status", STATUSES));
  readonly #received = new Counter();
  readonly #known = new Counter();
  readonly #decisions = new Counter([]);
  readonly #answers = new Counter(labelled("outcome", OUTCOMES));
  readonly #retries = new Counter();
  readonly #drift = new Counter(labelled("kind", DRIFTS));
  readonly #receipt = new Histogram(RECEIPT);
  readonly #decision = new Histogram(DECISION);
  readonly #delivery = new Histogram(DELIVERY);
  readonly #sweep = new Histogram(SWEEP);
  readonly #circuits = new Map<string, CircuitState>();
  #ledger: { readonly open: Spared<Metric[]>; readonly ended: Spared<Sample[]> } | undefined;

  constructor(clock = systemClock) {
    this.#clock = clock;
  }

  /** The ledger is open. */
  attach(ledger: Ledger): void {
    this.#ledger = {
      open: new Spared(() => this.#openMetrics(ledger), this.#clock, OPEN_AGE),
      ended: new Spared(() => endedSamples(ledger), this.#clock, ENDED_AGE),
    };
  }

  /** A call of the webhook was answered. @param seconds since it came */
  webhook(status: number, seconds: number): void {
    this.#webhooks.add({ status: String(status) });
    if (status === 200) this.#receipt.observe(seconds);
  }

  observe(observation: Observation): void {
    switch (observation.kind) {
      case "received":
        this.#received.add({}, observation.taskIds.length);
        return this.#known.add({}, observation.known);
      case "decided":
        this.#decisions.add({ action: observation.action, cause: observation.cause });
        return this.#decision.observe(observation.ms / 1_000);
      case "retry":
        return this.#retries.add();
      case "settled":
        this.#answers.add({ outcome: observation.outcome });
        return this.#delivery.observe(observation.ms / 1_000);
      case "drift":
        return this.#drift.add({ kind: observation.drift });
      case "swept":
        return this.#sweep.observe(observation.ms / 1_000);
      case "circuit":
        this.#circuits.set(observation.connection, observation.state);
    }
  }

  /**
   * All there is to say. What cannot be read from the ledger is left out.
   *
   * @param nameOf the name of a connection
   */
  async read(nameOf: (connection: string) => string): Promise<Metric[]> {
    const [open, ended] = await Promise.all([valueOr(this.#ledger?.open, []), valueOr(this.#ledger?.ended, [])]);
    return [...this.#counted(nameOf), ...open.map((metric) => (metric.name === "abiquo_tasks" ? withSamples(metric, ended) : metric))];
  }

  #counted(nameOf: (connection: string) => string): Metric[] {
    const counter = (name: string, help: string, { samples }: Counter): Metric => ({ name, type: "counter", help, samples });
    const histogram = (name: string, help: string, { counted }: Histogram): Metric => ({
      name,
      type: "histogram",
      help,
      samples: samplesOf(counted),
    });
    return [
      counter("abiquo_webhooks_total", "Calls of webhooks by the status they were answered with.", this.#webhooks),
      counter("abiquo_tasks_received_total", "Tasks that were new, committed to the store.", this.#received),
      counter("abiquo_tasks_known_total", "Tasks that came again, and were acknowledged only.", this.#known),
      counter("abiquo_decisions_total", "Decisions made, by what and why.", this.#decisions),
      counter("abiquo_answers_total", "Decisions that have come to their end, by what became of them.", this.#answers),
      counter("abiquo_answer_retries_total", "Attempts to deliver a decision that failed and are repeated.", this.#retries),
      counter("abiquo_drift_total", "Differences from Abiquo that were found and closed, by kind.", this.#drift),
      histogram("abiquo_receipt_seconds", "From a webhook's call to its 200.", this.#receipt),
      histogram("abiquo_decision_seconds", "From a task's receipt to its decision.", this.#decision),
      histogram("abiquo_delivery_seconds", "From a decision to its end.", this.#delivery),
      histogram("abiquo_sweep_seconds", "How long it took to compare with Abiquo what waits.", this.#sweep),
      gauge(
        "abiquo_circuit_state",
        "1 for the state that the delivery over a connection is in.",
        [...this.#circuits].flatMap(([connection, state]) =>
          CIRCUITS.map((each) => ({ labels: { connection: nameOf(connection), state: each }, value: each === state ? 1 : 0 })),
        ),
      ),
    ];
  }

  async #openMetrics(ledger: Ledger): Promise<Metric[]> {
    const now = this.#clock.now();
    const moments = AGES.map((age) => now - age * 1_000);
    const [counts, bytes, commits] = await Promise.all([
      ledger.openCounts({ moments, owner: "enterpriseId" }),
      ledger.bytes(),
      ledger.commitTimes(),
    ]);
    const { stages, before, owners, levels, notifications } = counts;
    const age = (oldest: number): number => Math.max(now - oldest, 0) / 1_000;
    const waiting = stages.filter(({ stage }) => stage !== "undeliverable");
    const countOf = (wanted: string): number => stages.find(({ stage }) => stage === wanted)?.count ?? 0;
    return [
      gauge(
        "abiquo_tasks",
        "Tasks in the store by stage.",
        STAGES.map((stage) => ({ labels: { stage }, value: countOf(stage) })),
      ),
      gauge(
        "abiquo_oldest_waiting_seconds",
        "Age of the oldest task that Abiquo has yet to be answered.",
        one(waiting.length === 0 ? 0 : Math.max(...waiting.map(({ oldest }) => age(oldest)))),
      ),
      gauge(
        "abiquo_oldest_seconds",
        "Age of the oldest task at a stage.",
        stages.map(({ stage, oldest }) => ({ labels: { stage }, value: age(oldest) })),
      ),
      gauge(
        "abiquo_undecided_tasks",
        "Tasks that nobody has decided, by how many seconds they have waited at least.",
        [0, ...AGES].map((seconds, index) => ({
          labels: { older_than: String(seconds) },
          value: index === 0 ? countOf("received") + countOf("held") + countOf("asked") : (before[index - 1] ?? 0),
        })),
      ),
      gauge("abiquo_tenant_tasks", "Open tasks by the enterprise of who asked for them.", tenantSamples(owners)),
      gauge(
        "abiquo_level_requests",
        "Open requests to people by the level that they have reached.",
        levels.map(({ level, count }) => ({ labels: { level: level < 0 ? "unknown" : String(level + 1) }, value: count })),
      ),
      gauge("abiquo_undeliverable", "Answers that Abiquo refused.", one(countOf("undeliverable"))),
      gauge("abiquo_notifications", "Messages to people that have yet to leave, and those of them that could not.", [
        { labels: { state: "pending" }, value: notifications.pending },
        { labels: { state: "failing" }, value: notifications.failing },
      ]),
      gauge("abiquo_store_bytes", "What the store takes on its disk.", one(bytes)),
      { name: "abiquo_commit_seconds", type: "histogram", help: "How long a commit to the store takes.", samples: samplesOf(commits) },
    ];
  }
}

async function endedSamples(ledger: Ledger): Promise<Sample[]> {
  return (await ledger.endedCounts()).map(({ stage, count }) => ({ labels: { stage }, value: count }));
}

/** The samples, where others say more of the same labels. */
function withSamples(metric: Metric, others: readonly Sample[]): Metric {
  const known = new Map(others.map((sample) => [JSON.stringify(sample.labels), sample]));
  return { ...metric, samples: metric.samples.map((sample) => known.get(JSON.stringify(sample.labels)) ?? sample) };
}

function tenantSamples(owners: ReadonlyMap<string, number>): Sample[] {
  const sorted = [...owners].sort(([one, count], [another, most]) => most - count || one.localeCompare(another));
  const others = sorted.slice(TENANTS).reduce((sum, [, count]) => sum + count, 0);
  const shown = sorted.slice(0, TENANTS).map(([tenant, value]) => ({ labels: { tenant: tenant === "" ? "unknown" : tenant }, value }));
  return others === 0 ? shown : [...shown, { labels: { tenant: "other" }, value: others }];
}

/** What cannot be read now is told as it was last, or not at all. */
async function valueOr<Value>(spared: Spared<Value> | undefined, otherwise: Value): Promise<Value> {
  if (spared === undefined) return otherwise;
  return spared.get().catch(() => otherwise);
}
