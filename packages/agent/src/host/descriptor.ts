import type { Socket } from 'node:net';

/** A socket's file descriptor, where it has one. Node documents no way to it. */
export function fdOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
