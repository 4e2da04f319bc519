import assert from "node:assert/strict";
import { Counter, exposition, Histogram, samplesOf } from "../../../nodes/lib/base/exposition.ts";
import { readExposition } from "../../support/exposition.ts";

describe("metrics as text", () => {
  it("are read back as they were, whatever stands in their help and labels", () => {
    const odd = 'C:\\temp\\new "quoted"\nsecond line, {x="1"} # HELP é';
    const counter = new Counter([]);
    counter.add({ connection: odd, state: "" }, 2);
    counter.add({ connection: odd, state: "" });
    const read = readExposition(exposition([{ name: "a_total", type: "counter", help: odd, samples: counter.samples }]));
    assert.deepEqual(read.get("a_total"), {
      name: "a_total",
      type: "counter",
      help: odd,
      samples: [{ name: "a_total", labels: { connection: odd, state: "" }, value: 3 }],
    });
  });

  it("show what has yet to happen as 0, and a metric without samples by its head alone", () => {
    const counter = new Counter([{ status: "200" }]);
    const text = exposition([
      { name: "a_total", type: "counter", help: "A.", samples: counter.samples },
      { name: "b", type: "gauge", help: "B.", samples: [] },
    ]);
    assert.equal(text, '# HELP a_total A.\n# TYPE a_total counter\na_total{status="200"} 0\n# HELP b B.\n# TYPE b gauge\n');
  });

  it("count a value in each bucket that it does not exceed, and all in +Inf", () => {
    const histogram = new Histogram([0.5, 1, 10]);
    for (const value of [0.5, 0.6, 1, 11]) histogram.observe(value);
    const read = readExposition(exposition([{ name: "h", type: "histogram", help: "H.", samples: samplesOf(histogram.counted) }]));
    assert.deepEqual(
      read.get("h")?.samples.map(({ name, labels, value }) => [name, labels["le"], value]),
      [
        ["h_bucket", "0.5", 1],
        ["h_bucket", "1", 3],
        ["h_bucket", "10", 3],
        ["h_bucket", "+Inf", 4],
        ["h_sum", undefined, 13.1],
        ["h_count", undefined, 4],
      ],
    );
  });

  it("write numbers that are none of the usual as the format wants them", () => {
    const samples = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21].map((value, index) => ({
      labels: { index: String(index) },
      value,
    }));
    const read = readExposition(exposition([{ name: "g", type: "gauge", help: "G.", samples }]));
    assert.deepEqual(
      read.get("g")?.samples.map(({ value }) => value),
      samples.map(({ value }) => value),
    );
  });
});
