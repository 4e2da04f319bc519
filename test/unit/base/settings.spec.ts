import assert from "node:assert/strict";
import {
  isVariable,
  knownPart,
  readChoice,
  readFlag,
  readHttpUrl,
  readList,
  readNetworks,
  readNumber,
  readSecret,
  readText,
  readWholeNumber,
} from "../../../nodes/lib/base/settings.ts";

const NOTHING = [undefined, null, "", "  \n "];

describe("settings, as dialogs and nodes read them", () => {
  it("are a variable where nothing else stands, in the two spellings that Node-RED knows", () => {
    for (const value of ["${NAME}", "$(NAME)", "${a.b}"]) assert.ok(isVariable(value), value);
    for (const value of [" ${NAME}", "${NAME} ", "${A B}", "x${NAME}", "${NAME}x", "${}", "$NAME", 5, undefined, ["${NAME}"]])
      assert.ok(!isVariable(value), String(value));
  });

  it("name the variable that was left, with blanks around it too, whatever is read", () => {
    for (const value of ["${NAME}", "$(NAME)", " ${NAME} "]) {
      const unset = { problem: { kind: "unset", name: "NAME" } };
      for (const read of [readText, readSecret, readNumber, readFlag, readList, readNetworks, readHttpUrl])
        assert.deepEqual(read(value), unset, `${read.name} ${value}`);
      assert.deepEqual(readChoice(value, ["a"]), unset);
      assert.deepEqual(readList(["a", value]), unset);
    }
  });

  it("are known but for their variables", () => {
    assert.equal(knownPart("${NAME}"), undefined);
    assert.equal(knownPart("a, ${NAME}"), "a, ${NAME}");
    assert.deepEqual(knownPart(["a", "${NAME}", 5]), ["a", 5]);
  });

  it("have their defaults for nothing, and for blanks alone", () => {
    for (const nothing of NOTHING) {
      assert.deepEqual(readText(nothing, "x"), { value: "x" });
      assert.deepEqual(readNumber(nothing, { fallback: 7, min: 9 }), { value: 7 });
      assert.deepEqual(readFlag(nothing), { value: false });
      assert.deepEqual(readChoice(nothing, ["a", "b"]), { value: "a" });
      assert.deepEqual(readList(nothing), { value: [] });
      assert.deepEqual(readNetworks(nothing), { value: [] });
      assert.deepEqual(readHttpUrl(nothing), { value: "" });
    }
  });

  it("keep the blanks of a password", () => {
    assert.deepEqual(readSecret(" a "), { value: " a " });
    assert.deepEqual(readSecret(undefined), { value: "" });
  });

  it("say how small a number may be", () => {
    assert.deepEqual(readNumber("0.5", { min: 0.5 }), { value: 0.5 });
    for (const value of ["0.4", "x", "1,5", "Infinity"]) {
      assert.deepEqual(readNumber(value, { min: 0.5 }), { problem: { kind: "number", min: 0.5 } }, value);
    }
  });

  it("say where a part of a number means nothing", () => {
    for (const value of [3, "3", " 3.0 "]) assert.deepEqual(readWholeNumber(value), { value: 3 });
    assert.deepEqual(readWholeNumber("", { fallback: 7 }), { value: 7 });
    for (const value of [1.5, "1.5", -1, "x"]) assert.deepEqual(readWholeNumber(value), { problem: { kind: "whole", min: 0 } });
    assert.deepEqual(readWholeNumber("${COUNT} "), { problem: { kind: "unset", name: "COUNT" } });
  });

  it("say what they do not take", () => {
    assert.deepEqual(readFlag("perhaps"), { problem: { kind: "flag" } });
    assert.deepEqual(readFlag("constructor"), { problem: { kind: "flag" } });
    assert.deepEqual(readChoice("A", ["a"]), { problem: { kind: "choice", value: "A" } });
    assert.deepEqual(readList('["a"'), { problem: { kind: "list" } });
    assert.deepEqual(readNetworks("10.0.0.0/8, here; there"), { problem: { kind: "network", value: "here, there" } });
  });

  it("take http URLs in one form, and nothing in them that could be secret", () => {
    assert.deepEqual(readHttpUrl(" HTTPS://Cloud.example.com:443/api/ "), { value: "https://cloud.example.com/api" });
    for (const [url, kind] of [
      ["cloud.example.com", "url"],
      ["https://a b/", "url"],
      ["ftp://cloud.example.com", "url"],
      ["user:pass@cloud.example.com", "url"],
      ["https://user@cloud.example.com/?a", "urlWithUser"],
      ["https://:pass@cloud.example.com", "urlWithUser"],
      ["https://cloud.example.com?a", "urlWithQuery"],
      ["https://cloud.example.com#a", "urlWithQuery"],
    ]) {
      assert.deepEqual(readHttpUrl(url), { problem: { kind } }, url);
    }
  });
});
