import { textsOf } from "../../lib/editor/texts.ts";
import type texts from "../locales/en-US.json";

export const say = textsOf<(typeof texts)["abiquo-task-decision"]>("abiquo-task-decision");
