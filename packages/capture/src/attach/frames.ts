/**
 * Frames of the WebSocket protocol (RFC 6455, section 5), as a client needs them: what is sent is masked and in one
 * piece, what comes is not masked and may come in any pieces. No extensions are ever agreed on.
 */
import { randomBytes } from 'node:crypto';

/** What a frame holds. Of the protocol's opcodes these are all. */
export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A whole message, or a control frame. */
export interface Message {
  opcode: number;
  payload: Buffer;
}

/** The peer broke the protocol, or sent more than is taken. The connection is of no use any more. */
export class FrameError extends Error {
  /** What the close frame says (RFC 6455, section 7.4.1). */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'FrameError';
    this.status = status;
  }
}

/** Pieces of one message: each costs more memory than it may hold. */
const mostParts = 100_000;

/** Reads messages out of bytes that come in pieces. Holds at most one message of `mostBytes`, and one frame's head. */
export class FrameReader {
  readonly #mostBytes: number;
  /** Bytes of a frame's head that is not whole yet. */
  #head: Buffer = Buffer.alloc(0);
  /** The frame whose payload is being read. */
  #frame: { fin: boolean; opcode: number; leftBytes: number; parts: Buffer[] } | null = null;
  /** The message that its first frames have begun. */
  #message: { opcode: number; bytes: number; parts: Buffer[] } | null = null;

  /** @param mostBytes of one message; more is an error, before it is held in memory */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @returns the messages that these bytes complete @throws {FrameError} */
  push(bytes: Buffer): Message[] {
    const messages: Message[] = [];
    let rest = bytes;
    while (rest.length > 0 || this.#frame?.leftBytes === 0) {
      if (this.#frame === null) {
        rest = this.#head.length === 0 ? rest : Buffer.concat([this.#head, rest]);
        const length = headLength(rest);
        if (rest.length < length) {
          this.#head = Buffer.from(rest);
          break;
        }
        this.#head = Buffer.alloc(0);
        this.#frame = this.#begin(rest);
        rest = rest.subarray(length);
      }
      const frame = this.#frame;
      const part = rest.subarray(0, frame.leftBytes);
      if (part.length > 0) frame.parts.push(part);
      frame.leftBytes -= part.length;
      rest = rest.subarray(part.length);
      if (frame.leftBytes > 0) break;
      this.#frame = null;
      const message = this.#end(frame.fin, frame.opcode, frame.parts);
      if (message !== null) messages.push(message);
    }
    return messages;
  }

  #begin(head: Buffer): { fin: boolean; opcode: number; leftBytes: number; parts: Buffer[] } {
    const [first = 0, second = 0] = head;
    const fin = (first & 0x80) !== 0;
    const code = first & 0x0f;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'a frame uses an extension that was not agreed on');
    if ((second & 0x80) !== 0) throw new FrameError(1002, 'a frame of a server is masked');
    if (!(Object.values(opcode) as number[]).includes(code)) {
      throw new FrameError(1002, `a frame has the unknown opcode ${code}`);
    }
    const short = second & 0x7f;
    if (code >= opcode.close && (!fin || short > 125)) throw new FrameError(1002, 'a control frame is cut or too long');
    if (code === opcode.continuation && this.#message === null) {
      throw new FrameError(1002, 'a message goes on that has not begun');
    }
    if ((code === opcode.text || code === opcode.binary) && this.#message !== null) {
      throw new FrameError(1002, 'a message begins before the last one has ended');
    }
    const long = short === 127 ? head.readBigUInt64BE(2) : BigInt(short === 126 ? head.readUInt16BE(2) : short);
    const held = code >= opcode.close ? 0 : (this.#message?.bytes ?? 0);
    if (long > BigInt(this.#mostBytes - held)) {
      throw new FrameError(1009, `a message is longer than ${this.#mostBytes} bytes`);
    }
    return { fin, opcode: code, leftBytes: Number(long), parts: [] };
  }

  #end(fin: boolean, code: number, parts: Buffer[]): Message | null {
    if (code >= opcode.close) return { opcode: code, payload: Buffer.concat(parts) };
    const message = (this.#message ??= { opcode: code, bytes: 0, parts: [] });
    if (message.parts.length + parts.length > mostParts) {
      throw new FrameError(1009, `a message comes in more than ${mostParts} pieces`);
    }
    message.parts.push(...parts);
    message.bytes += parts.reduce((sum, part) => sum + part.length, 0);
    if (!fin) return null;
    this.#message = null;
    return { opcode: message.opcode, payload: Buffer.concat(message.parts) };
  }
}

/** How long the head of the frame is that begins here; at least 2. */
function headLength(bytes: Buffer): number {
  const short = (bytes[1] ?? 0) & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
}

/** One frame that is a whole message, masked as a client's must be. */
export function encodeFrame(code: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = 0x80 | code;
  if (length < 126) head[1] = 0x80 | length;
  else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  const mask = randomBytes(4);
  mask.copy(head, head.length - 4);
  const masked = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) masked[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return Buffer.concat([head, masked]);
}
