import assert from "node:assert/strict";
import { type SimulatedAbiquo, startAbiquo } from "../../harness/index.ts";
import { LANGUAGES, preferredLanguage, textsIn } from "../../harness/page-texts.ts";

let abiquo: SimulatedAbiquo;

const get = (path: string, language = "en"): Promise<Response> =>
  fetch(new URL(path, abiquo.pageUrl), { headers: { "Accept-Language": language } });

describe("Page of the simulated Abiquo", () => {
  beforeEach(async () => void (abiquo = await startAbiquo()));
  afterEach(() => abiquo.close());

  for (const [path, type] of [
    ["/", "text/html"],
    ["/simulator/page.css", "text/css"],
    ["/simulator/page.js", "text/javascript"],
    ["/simulator/icon.svg", "image/svg+xml"],
  ] as const) {
    it(`${path} is ${type}, under a policy that allows nothing inline`, async () => {
      const response = await get(path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), `${type}; charset=utf-8`);
      const policy = response.headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none';/);
      assert.doesNotMatch(policy, /unsafe/);
    });
  }

  it("holds nothing inline, and names nothing of another origin", async () => {
    const html = await (await get("/")).text();
    assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:/);
  });

  it("sends a script that is whole, whatever made it from the source", async () => {
    const script = await (await get("/simulator/page.js")).text();
    assert.doesNotThrow(() => new Function(script));
  });

  it("speaks the browser's language, in page and script, unless one is set", async () => {
    assert.match(await (await get("/", "es-ES,es;q=0.9,en;q=0.5")).text(), /<html lang="es">[\s\S]*Desplegar una/);
    assert.match(await (await get("/simulator/page.js", "es")).text(), /Retenida/);
    assert.match(await (await get("/", "de")).text(), /<html lang="en">/);
    await abiquo.close();
    abiquo = await startAbiquo({ language: "es" });
    assert.match(await (await get("/", "en")).text(), /<html lang="es">/);
  });

  it("has every text in each language, with the same places to fill", () => {
    const places = (text: unknown): unknown =>
      typeof text === "string" ? [...text.matchAll(/\{\w+\}/g)].map(String).sort() : Object.keys(text as object);
    const shape = (language: (typeof LANGUAGES)[number]): unknown =>
      Object.entries(textsIn(language)).map(([key, text]) => [key, places(text)]);
    for (const language of LANGUAGES) assert.deepEqual(shape(language), shape("en"));
  });

  for (const [header, language] of [
    [undefined, "en"],
    ["es", "es"],
    ["fr;q=1, ES-mx;q=0.8, en;q=0.3", "es"],
    ["en;q=0.2, es;q=0.1", "en"],
    ["es;q=0", "en"],
    ["*", "en"],
  ] as const) {
    it(`Accept-Language ${header} is ${language}`, () => assert.equal(preferredLanguage(header), language));
  }
});
