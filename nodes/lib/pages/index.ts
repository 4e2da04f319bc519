export { headers } from "./headers.ts";
export { inboxPage, PAGE_SIZE, QUERY_LENGTH } from "./inbox-page.ts";
export { chatFor, type Mail, mailFor } from "./mail.ts";
export { expiredPage, noticePage } from "./notice-page.ts";
export { maskedEmail, titleOf, totalsOf } from "./phrases.ts";
export { REASON_LENGTH, requestPage } from "./request-page.ts";
export * from "./view.ts";
export { type Speech, type Texts, Words } from "./words.ts";
