import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { BodyReader, readBody } from "../../../nodes/lib/base/body.ts";
import { Fault } from "../../../nodes/lib/base/fault.ts";

const MEGABYTE = 1024 * 1024;

describe("the body of a request", () => {
  let server: Server;
  const sockets: Socket[] = [];
  let read: (request: IncomingMessage) => Promise<unknown>;

  beforeEach(async () => {
    server = createServer((request, response) => {
      read(request).then(
        (body) => response.end(String(body)),
        (error: unknown) => response.end(error instanceof Fault ? error.message : String(error)),
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A request whose body is written by hand. */
  async function begin(length: number): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    return socket;
  }

  async function answerOn(socket: Socket): Promise<string> {
    let text = "";
    for await (const part of socket as AsyncIterable<Buffer>) {
      text += part.toString();
      if (text.includes("\r\n\r\n") && !text.endsWith("\r\n\r\n")) break;
    }
    return text.split("\r\n").at(-1) ?? "";
  }

  it("is what came", async () => {
    read = (request) => readBody(request, 10);
    const socket = await begin(10);
    socket.write("01234");
    socket.write("56789");
    assert.equal(await answerOn(socket), "0123456789");
  });

  it("is refused when it says that it is too long, and when it is", async () => {
    read = (request) => readBody(request, MEGABYTE);
    const said = await begin(MEGABYTE + 1);
    assert.match(await answerOn(said), /^BODY_TOO_LARGE \(limit=1\)$/);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const chunks = new ReadableStream({
      start(controller): void {
        for (let index = 0; index < 17; index++) controller.enqueue(new Uint8Array(65_536));
        controller.close();
      },
    });
    const response = await fetch(url, { method: "POST", body: chunks, duplex: "half" } as RequestInit);
    assert.match(await response.text(), /^BODY_TOO_LARGE/);
  });

  it("is refused when it does not come in time", async () => {
    read = (request) => readBody(request, 10, 20);
    const socket = await begin(10);
    socket.write("01234");
    assert.match(await answerOn(socket), /^BODY_TOO_SLOW/);
  });

  it("is refused when its sender goes away", async () => {
    const told = Promise.withResolvers<unknown>();
    read = (request) => {
      const reading = readBody(request, 10);
      reading.catch(told.resolve);
      return reading;
    };
    const socket = await begin(10);
    socket.end("0");
    assert.match(String(await told.promise), /ABIQUO_BAD_BODY \(reason=CUT_SHORT\)/);
  });

  it("finds no room while others take all of it, unless it is small, and finds it again afterwards", async () => {
    const reader = new BodyReader(200_000);
    let arrived = 0;
    const full = Promise.withResolvers<void>();
    const left: Promise<unknown>[] = [];
    read = (request) => {
      request.on("data", (part: Buffer) => {
        arrived += part.length;
        if (arrived === 200_000) full.resolve();
      });
      const reading = reader.read(request, 100_001);
      left.push(reading.catch(() => undefined));
      return reading;
    };
    const unfinished = [await begin(100_001), await begin(100_001)];
    for (const socket of unfinished) socket.write(Buffer.alloc(100_000));
    await full.promise;
    const small = await begin(4);
    small.write("1234");
    assert.equal(await answerOn(small), "1234");
    const large = await begin(100_000);
    large.write(Buffer.alloc(100_000));
    assert.match(await answerOn(large), /^BODIES_TOO_MANY/);
    for (const socket of unfinished) socket.destroy();
    await Promise.all(left);
    const again = await begin(100_000);
    again.write("x".repeat(100_000));
    assert.match(await answerOn(again), /^x/);
  });
});
