import { isObject, textOf } from "../../lib/base/json.ts";
import { textIn } from "../../lib/editor/inputs.ts";
import { listOf } from "../../lib/rules/settings.ts";
import { ask, listIn } from "./admin.ts";
import type { Kind } from "./fields.ts";
import { plain } from "./parts.ts";
import { say } from "./texts.ts";

interface Choice {
  readonly value: string;
  readonly text: string;
}

type Offered = Extract<Kind, "tenant" | "role">;

/** What the connection knows of, offered beside fields in which anything may be typed. */
export class Choices {
  #known: Readonly<Record<Offered, readonly Choice[]>> = { tenant: [], role: [] };
  readonly #fills = new WeakMap<Element, () => void>();

  /** Without a deployed connection, or without permission, there is nothing to offer, and nothing to complain of. */
  fetch(connection: string, form: JQuery): void {
    const take = (reply: unknown): void => {
      const found = isObject(reply) ? reply : {};
      const tenants = listIn(found["enterprises"]).filter(isObject);
      this.#known = {
        tenant: tenants.map(({ id, name }) => ({ value: textOf(id), text: textOf(name) })),
        role: listIn(found["roles"]).map((name) => ({ value: textOf(name), text: textOf(name) })),
      };
      for (const cell of form.find(".abiquo-value")) this.#fills.get(cell)?.();
    };
    ask("choices", { connection }).then(take, () => take(undefined));
  }

  /**
   * @param isList whether what is chosen is added to the field, or takes its place
   */
  offer(cell: JQuery, kind: Kind, input: JQuery, isList: boolean): void {
    if (kind !== "tenant" && kind !== "role") return;
    const add = $("<select>", { class: "abiquo-add", "aria-label": say("label.choose") }).appendTo(cell);
    const names = kind === "tenant" ? $("<span>", { class: "abiquo-names" }).appendTo(cell) : undefined;
    const nameAll = (): void => {
      const nameOf = (id: unknown): string => this.#known.tenant.find(({ value }) => value === id)?.text ?? "";
      names?.text(listOf(textIn(input)).map(nameOf).filter(Boolean).join(", "));
    };
    const fill = (): void => {
      const known = this.#known[kind];
      add.empty().toggle(known.length > 0);
      $("<option>").val("").text(say("placeholder.choose")).appendTo(add);
      for (const { value, text } of known) $("<option>").val(value).text(text).appendTo(add);
      nameAll();
    };
    add.on("change", () => {
      const chosen = textIn(add);
      if (chosen === "") return;
      const others = isList
        ? listOf(textIn(input))
            .map(plain)
            .filter((item) => item !== chosen)
        : [];
      input.val([...others, chosen].join(", ")).trigger("change");
      add.val("");
    });
    input.on("change input", nameAll);
    for (const element of cell) this.#fills.set(element, fill);
    fill();
  }

  /** The cell has another control from now on. */
  forget(cell: JQuery): void {
    for (const element of cell) this.#fills.delete(element);
  }
}
