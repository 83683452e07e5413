import { describe, expect, it } from 'vitest';
import { type HttpAnswer, mostAnswerBytes, readAnswer } from './http-answer.ts';

const read = (text: string, ended = false): HttpAnswer | 'more' | null =>
  readAnswer(Buffer.from(text, 'latin1'), ended);
const ok = 'HTTP/1.1 200 OK\r\n';

describe('readAnswer', () => {
  it('reads an answer that says its length, however it is cut on its way', () => {
    const text = `${ok}Content-Length: 5\r\nRetry-After:  7 \r\n\r\nhello`;
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBe('more');
    expect(read(text)).toEqual({ status: 200, retryAfter: '7', body: 'hello', reusable: true });
  });

  it('reads an answer in chunks, with extensions and trailers, however it is cut on its way', () => {
    const text = `${ok}Transfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-After: 1\r\n\r\n`;
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBe('more');
    expect(read(text)).toMatchObject({ body: 'abc0123456789', reusable: true });
    expect(read(`${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatchObject({ body: '', reusable: true });
  });

  it('takes the end of the connection for the end where no length is said', () => {
    expect(read(`${ok}\r\nhel`)).toBe('more');
    expect(read(`${ok}\r\nhello`, true)).toEqual({
      status: 200,
      retryAfter: undefined,
      body: 'hello',
      reusable: false,
    });
  });

  it('reads no body where there can be none', () => {
    expect(read('HTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ status: 204, body: '', reusable: true });
  });

  it('passes over what is said before the answer', () => {
    expect(read('HTTP/1.1 100 Continue\r\n\r\n')).toBe('more');
    expect(read(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}Content-Length: 0\r\n\r\n`)).toMatchObject({
      status: 200,
    });
    expect(read('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toBeNull();
  });

  it('knows which connections cannot be used again', () => {
    const reusable = (text: string): unknown => (read(text) as HttpAnswer).reusable;
    expect(reusable(`${ok}content-length: 0\r\n\r\n`)).toBe(true);
    expect(reusable(`${ok}content-length: 0\r\nConnection: Close\r\n\r\n`)).toBe(false);
    expect(reusable('HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n')).toBe(false);
    expect(reusable(`${ok}content-length: 0\r\n\r\nmore than was said`)).toBe(false);
  });

  it('takes the status for an answer where the rest is cut off, or longer than it reads', () => {
    expect(read(`HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\nhel`, true)).toMatchObject({ status: 503, body: 'hel' });
    const long = read(`${ok}content-length: 999999\r\n\r\n${'x'.repeat(mostAnswerBytes)}`);
    expect(long).toMatchObject({ status: 200, reusable: false });
  });

  it('refuses what is no HTTP, and a head without an end', () => {
    expect(read('\0\u0001garbage')).toBeNull();
    expect(read('HTTP/2 200\r\n\r\n')).toBeNull();
    expect(read('HTTP/1.1 OK\r\n\r\n')).toBeNull();
    expect(read(`${ok}content-length: many\r\n\r\n`)).toBeNull();
    expect(read(`${ok}transfer-encoding: chunked\r\n\r\nlong\r\n`)).toBeNull();
    expect(read(ok, true)).toBeNull();
    expect(read(`${ok}x: ${'y'.repeat(mostAnswerBytes)}`)).toBeNull();
  });
});
