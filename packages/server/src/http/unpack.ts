/** Bodies of telemetry: gzip or plain, never more than the limit when unpacked. */
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { ServerError } from '../errors/server-error.ts';

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/**
 * The body, unpacked off the main thread.
 *
 * @throws {ServerError} EBB_SERVER_TOO_LARGE, EBB_SERVER_BAD_REQUEST (it cannot be unpacked), EBB_SERVER_MEDIA_TYPE
 */
export async function unpack(body: Buffer, encoding: string | undefined, mostBytes: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'deflate')
    throw new ServerError('EBB_SERVER_MEDIA_TYPE', 'the content-encoding is not gzip, deflate or identity');
  try {
    return await unpackers[name](body, { maxOutputLength: mostBytes });
  } catch (error) {
    if (error instanceof RangeError)
      throw new ServerError('EBB_SERVER_TOO_LARGE', `unpacked, the body is larger than ${mostBytes} bytes`, {
        cause: error,
      });
    throw new ServerError('EBB_SERVER_BAD_REQUEST', `the body is no ${name}, or is cut off`, { cause: error });
  }
}
