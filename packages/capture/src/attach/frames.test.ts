import { expect, test } from 'vitest';
import { encodeFrame, FrameError, FrameReader, opcode } from './frames.ts';

/** As a server sends it. */
function serverFrame(code: number, payload: Buffer, { fin = true, masked = false, reserved = 0 } = {}): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | code;
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** What a server reads out of a client's frame. */
function unmasked(frame: Buffer): Buffer {
  const short = frame[1] & 0x7f;
  const at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  const mask = frame.subarray(at, at + 4);
  return Buffer.from(frame.subarray(at + 4).map((byte, index) => byte ^ mask[index & 3]));
}

const text = (value: string): Buffer => serverFrame(opcode.text, Buffer.from(value));

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])(
  'a message of %i bytes is sent masked, and read whole',
  (length) => {
    const payload = Buffer.alloc(length, 'äx');
    const frame = encodeFrame(opcode.text, payload);
    expect(frame[1] & 0x80).toBe(0x80);
    expect(unmasked(frame).equals(payload)).toBe(true);
    const [message] = new FrameReader(1e6).push(serverFrame(opcode.text, payload));
    expect(message?.payload.equals(payload)).toBe(true);
  },
);

test('messages come out the same in whatever pieces their bytes arrive, with control frames between their fragments', () => {
  const stream = Buffer.concat([
    text('first'),
    serverFrame(opcode.text, Buffer.alloc(300, 'a'), { fin: false }),
    serverFrame(opcode.ping, Buffer.from('still there?')),
    serverFrame(opcode.continuation, Buffer.alloc(0), { fin: false }),
    serverFrame(opcode.continuation, Buffer.alloc(70_000, 'b')),
    text(''),
    text('last'),
  ]);
  const whole = new FrameReader(1e6).push(stream).map(({ opcode: code, payload }) => [code, payload.toString()]);
  expect(whole.map(([code, payload]) => [code, String(payload).length])).toEqual([
    [1, 5],
    [9, 12],
    [1, 70_300],
    [1, 0],
    [1, 4],
  ]);
  for (const size of [1, 2, 3, 7, 100, 65_536]) {
    const reader = new FrameReader(1e6);
    const messages = [];
    for (let at = 0; at < stream.length; at += size) messages.push(...reader.push(stream.subarray(at, at + size)));
    expect(messages.map(({ opcode: code, payload }) => [code, payload.toString()])).toEqual(whole);
  }
});

test.each([
  ['a masked frame', serverFrame(opcode.text, Buffer.from('x'), { masked: true }), 1002],
  ['a compressed frame', serverFrame(opcode.text, Buffer.from('x'), { reserved: 4 }), 1002],
  ['an unknown opcode', serverFrame(3, Buffer.from('x')), 1002],
  ['a continuation of nothing', serverFrame(opcode.continuation, Buffer.from('x')), 1002],
  ['a fragmented ping', serverFrame(opcode.ping, Buffer.from('x'), { fin: false }), 1002],
  ['a ping of 126 bytes', serverFrame(opcode.ping, Buffer.alloc(126)), 1002],
  [
    'a message inside of a message',
    Buffer.concat([serverFrame(opcode.text, Buffer.from('x'), { fin: false }), text('y')]),
    1002,
  ],
  ['a length of 2^63 bytes', Buffer.from([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ['a message above the bound', Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]), 1009],
  [
    'fragments that are above the bound together',
    Buffer.concat(
      Array.from({ length: 20 }, (_, at) => serverFrame(at === 0 ? 1 : 0, Buffer.alloc(60_000), { fin: false })),
    ),
    1009,
  ],
])('%s is refused', (_name, bytes, status) => {
  const reader = new FrameReader(1e6);
  expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ status }));
});

test('a message in endlessly many pieces is refused before it takes the memory', () => {
  const reader = new FrameReader(1e9);
  const piece = serverFrame(opcode.continuation, Buffer.from('x'), { fin: false });
  reader.push(serverFrame(opcode.text, Buffer.from('x'), { fin: false }));
  expect(() => {
    for (let at = 0; at < 200_000; at++) reader.push(piece);
  }).toThrow(FrameError);
});

test('random bytes never do anything but end in messages or in a refusal', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  for (let round = 0; round < 2000; round++) {
    const reader = new FrameReader(10_000);
    try {
      for (let piece = 0; piece < 8; piece++) {
        for (const { payload } of reader.push(
          Buffer.from(Array.from({ length: random() % 64 }, () => random() & 0xff)),
        )) {
          expect(payload.length).toBeLessThanOrEqual(10_000);
        }
      }
    } catch (error) {
      expect(error).toBeInstanceOf(FrameError);
    }
  }
});
