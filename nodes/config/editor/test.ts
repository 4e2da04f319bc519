import { isObject, textOf } from "../../lib/base/json.ts";
import { inputOf } from "../../lib/editor/inputs.ts";
import type { Say } from "../../lib/editor/texts.ts";
import { noAnswer, showVerdict } from "../../lib/editor/verdict.ts";
import type texts from "../locales/en-US.json";

/** What Node-RED's choosers hold where no configuration is chosen. */
const NONE_CHOSEN = "_ADD_";

/** Lets the button of the dialog test the connection as it is entered; returns how to clear the result. */
export function offerTest(node: EditorNode, say: Say<(typeof texts)["abiquo-config"]>): () => void {
  const button = $("#abiquo-config-test");
  const result = $("#abiquo-config-test-result");

  const showReply = (reply: unknown): void => {
    const { ok, problem, staysStopped, user, enterprise, version } = isObject(reply) ? reply : {};
    if (ok !== true) showVerdict(result, false, textOf(problem) || say("test.unexpected"));
    else
      showVerdict(result, !staysStopped, say(staysStopped ? "test.connectedElsewhere" : "test.connected", { user, enterprise, version }));
  };

  button.on("click", () => {
    button.prop("disabled", true);
    result.removeClass("abiquo-good abiquo-bad").text(say("test.running"));
    $.ajax({
      url: `abiquo-config/${encodeURIComponent(node.id)}/test`,
      type: "POST",
      contentType: "application/json; charset=utf-8",
      data: JSON.stringify(entered(node)),
    })
      .done(showReply)
      .fail((request) => {
        const reply: unknown = request.responseJSON;
        const problem = isObject(reply) ? textOf(reply["problem"]) : "";
        showVerdict(result, false, problem || say(`test.${noAnswer(request)}`));
      })
      .always(() => button.prop("disabled", false));
  });
  return () => result.empty();
}

/** What the open dialog holds, credentials included: nothing has to be deployed to be tested. */
function entered(node: EditorNode): Record<string, unknown> {
  const read = (name: string): unknown => inputOf(node, name).val();
  const properties = Object.keys(node._def.defaults).map((name) => [name, read(name) === NONE_CHOSEN ? "" : read(name)]);
  const credentials = Object.keys(node._def.credentials ?? {}).map((name) => [name, read(name)]);
  return { ...Object.fromEntries(properties), credentials: Object.fromEntries(credentials) };
}
