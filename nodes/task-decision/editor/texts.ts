import { type Keys, textsOf } from "../../lib/editor/texts.ts";
import type texts from "../locales/en-US.json";

type Catalogue = (typeof texts)["abiquo-task-decision"];

export const say = textsOf<Catalogue>("abiquo-task-decision");

/** The key of a text of this dialog. */
export type Text = Keys<Catalogue>;

/** The names of the texts for what is wrong with a rule. */
export type ProblemText = keyof Catalogue["problem"];
