import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** A mail as it arrived. */
export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mail server on this machine, which keeps what it gets. */
export class Mailbox {
  readonly mails: Mail[] = [];
  readonly account = { userid: "workflow@example.com", password: "mail-password" };
  /** How many mails to refuse before the next is taken. */
  refusals = 0;
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, answer) => {
        const known = username === this.account.userid && password === this.account.password;
        answer(known ? null : new Error("Wrong user or password"), { user: username });
      },
      onData: (stream, { envelope }, answer) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("end", () => {
          if (this.refusals > 0) {
            this.refusals -= 1;
            answer(new Error("Try again later"));
            return;
          }
          this.mails.push(
            read(
              Buffer.concat(parts).toString("latin1"),
              envelope.rcptTo.map(({ address }) => address),
            ),
          );
          answer();
        });
      },
    });
  }

  static async start(): Promise<Mailbox> {
    const box = new Mailbox();
    await new Promise<void>((resolve) => box.#server.listen(0, "127.0.0.1", resolve));
    return box;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function read(mail: string, to: readonly string[]): Mail {
  const subject = /^subject: (.*(?:\r\n[ \t].*)*)/im.exec(mail)?.[1] ?? "";
  return { to, subject: unfolded(subject), text: part(mail, "text/plain"), html: part(mail, "text/html") };
}

/** RFC 2047 encoded words, on several lines where they are long. */
function unfolded(header: string): string {
  const line = header.replace(/\?=\r\n[ \t]+=\?/g, "?==?").replace(/\r\n[ \t]+/g, " ");
  return line.replace(/=\?utf-8\?([qb])\?(.*?)\?=/gi, (_, coding: string, text: string) =>
    coding.toLowerCase() === "b" ? Buffer.from(text, "base64").toString("utf8") : quotedPrintable(text.replaceAll("_", " ")),
  );
}

function part(mail: string, kind: string): string {
  const [, boundary = ""] = /boundary="(.*?)"/.exec(mail) ?? [];
  const found = mail.split(`--${boundary}`).find((each) => each.trimStart().toLowerCase().startsWith(`content-type: ${kind}`)) ?? "";
  const [head = "", ...rest] = found.trim().split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  if (/encoding: base64/i.test(head)) return Buffer.from(body, "base64").toString("utf8");
  return /encoding: quoted-printable/i.test(head) ? quotedPrintable(body) : body;
}

function quotedPrintable(text: string): string {
  const bytes = text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
