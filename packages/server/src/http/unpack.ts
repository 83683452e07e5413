/** Bodies of telemetry: gzip or plain, never more than the limit when unpacked. */
import { promisify } from 'node:util';
import { gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { ServerError } from '../errors/server-error.ts';

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;
const unpackersAtOnce = { gzip: gunzipSync, deflate: inflateSync } as const;

/** Unpacking what is small on another thread takes more time on this one than unpacking it here. */
const smallPackedBytes = 16 * 1024;
/** What unpacks to more was not small: it is begun anew on another thread. */
const smallBytes = 128 * 1024;
/** An agent's report fits into one piece. */
const chunkSize = 32 * 1024;

/**
 * The body, unpacked: off the main thread if it is large.
 *
 * @throws {ServerError} EBB_SERVER_TOO_LARGE, EBB_SERVER_BAD_REQUEST (it cannot be unpacked), EBB_SERVER_MEDIA_TYPE
 */
export async function unpack(body: Buffer, encoding: string | undefined, mostBytes: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'deflate')
    throw new ServerError('EBB_SERVER_MEDIA_TYPE', 'the content-encoding is not gzip, deflate or identity');
  try {
    const most = Math.min(smallBytes, mostBytes);
    const small = body.length > smallPackedBytes ? null : unpackAtOnce(name, body, most);
    return small ?? (await unpackers[name](body, { maxOutputLength: mostBytes }));
  } catch (error) {
    if (error instanceof RangeError)
      throw new ServerError('EBB_SERVER_TOO_LARGE', `unpacked, the body is larger than ${mostBytes} bytes`, {
        cause: error,
      });
    throw new ServerError('EBB_SERVER_BAD_REQUEST', `the body is no ${name}, or is cut off`, { cause: error });
  }
}

/** Null where it is larger than that. @throws what the unpacker throws */
function unpackAtOnce(name: 'gzip' | 'deflate', body: Buffer, most: number): Buffer | null {
  try {
    return unpackersAtOnce[name](body, { maxOutputLength: most, chunkSize });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
