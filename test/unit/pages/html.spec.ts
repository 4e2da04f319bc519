import assert from "node:assert/strict";
import fc from "fast-check";
import { address, flag, type Html, html, oneLine } from "../../../nodes/lib/pages/html.ts";

describe("Markup", () => {
  it("takes every value for text, within elements and within quoted attributes", () => {
    const hostile = `"><script>alert('1')</script>\``;
    const page = html`<p title="${hostile}">${hostile}</p>`;
    const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&#96;";
    assert.equal(page.markup, `<p title="${escaped}">${escaped}</p>`);
  });

  it("lets markup in as it is, also from lists, and leaves out what is false or missing", () => {
    assert.equal(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}${false}${undefined}${""}</ul>`.markup, "<ul><li>1</li><li>2</li></ul>");
    assert.equal(html`<input${flag("checked", true)}${flag("disabled", false)}>`.markup, "<input checked>");
  });

  it("keeps the value of any text for the reader, but for what harms a page", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const { markup } = html`${text}`;
        assert.doesNotMatch(markup, /[<>"'`]/);
        const read = markup
          .replace(/&lt;/g, "<")
          .replace(/&gt;/g, ">")
          .replace(/&quot;/g, '"')
          .replace(/&#39;/g, "'")
          .replace(/&#96;/g, "`")
          .replace(/&amp;/g, "&");
        assert.equal(read, text);
      }),
    );
  });

  it("drops control characters and the marks by which one name poses as another", () => {
    assert.equal(html`${"a\u0000b\u001b[31mc\u202Edcba\u2066e"}`.markup, "ab[31mcdcbae");
    assert.equal(html`${"half a pair: \ud800"}`.markup, "half a pair: \ufffd");
  });

  it("makes one line of many", () => {
    assert.equal(oneLine(" a\r\nBcc: b\u2028\tc "), "a Bcc: b c");
  });

  it("links to web pages only", () => {
    for (const good of ["https://example.com/a?b=c", "http://example.com", "/abiquo/inbox/t", "./t", "../t", "?page=2"])
      assert.equal(address(good), good);
    for (const bad of [
      "javascript:alert(1)",
      " javascript:alert(1)",
      "java\nscript:alert(1)",
      "data:text/html,x",
      "//example.com",
      "/\\example.com",
      "mailto:a@b",
      "",
    ])
      assert.equal(address(bad), "#");
  });

  it("is made by nothing but its own kind: an object that looks alike is text", () => {
    const alike = { markup: "<b>", toString: () => "<i>" } as unknown as Html;
    assert.equal(html`${alike}`.markup, "&lt;i&gt;");
  });
});
