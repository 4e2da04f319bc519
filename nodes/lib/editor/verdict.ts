/** Shows how something went, by a sign as well as by colour. */
export function showVerdict(element: JQuery, isGood: boolean, text: string): void {
  const icon = $("<i>", { class: isGood ? "fa fa-check-circle" : "fa fa-exclamation-triangle", "aria-hidden": "true" });
  element
    .removeClass("abiquo-good abiquo-bad")
    .addClass(isGood ? "abiquo-good" : "abiquo-bad")
    .empty();
  element.append(icon, document.createTextNode(` ${text}`));
}

/** Why the admin API gave no answer, as the dialogs name it. */
export type NoAnswer = "forbidden" | "offline" | "unexpected";

/** @param status of HTTP; 0 where there was no response */
export function noAnswer({ status }: { readonly status: number }): NoAnswer {
  if (status === 401 || status === 403) return "forbidden";
  return status === 0 ? "offline" : "unexpected";
}
