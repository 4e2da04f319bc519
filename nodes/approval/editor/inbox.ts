import { isObject, textOf } from "../../lib/base/json.ts";
import { showVerdict } from "../../lib/editor/verdict.ts";
import { say } from "./words.ts";

/** The button that opens the inbox of whoever is signed in to Node-RED. */
export function prepareInbox(node: EditorNode): void {
  $("#abiquo-approval-inbox").on("click", () => {
    const result = $("#abiquo-approval-inbox-result").empty();
    // Opened at once: a window opened later, by the answer, would be blocked.
    const inbox = window.open("", "_blank");
    if (inbox !== null) inbox.opener = null;
    const fail = (problem: string): void => {
      inbox?.close();
      showVerdict(result, false, problem || say("inbox.failed"));
    };
    $.ajax({
      url: `abiquo-approval/${encodeURIComponent(node.id)}/inbox`,
      type: "POST",
      contentType: "application/json; charset=utf-8",
      data: "{}",
    })
      .done((reply: unknown) => {
        const { ok, url, problem } = isObject(reply) ? reply : {};
        if (ok === true && inbox !== null) inbox.location.href = textOf(url);
        else fail(textOf(problem));
      })
      .fail(() => fail(""));
  });
}
