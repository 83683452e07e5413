import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Storefront } from './app.ts';

/** A storefront that answers requests. */
export interface ServedStorefront {
  readonly url: string;
  /** Takes no more requests, lets those under way end, and stops the storefront. */
  stop(): Promise<void>;
}

/** How long requests may go on after `stop()`; streams never end by themselves. */
const drainMs = 2000;

/** Serves a storefront; port 0 is a free one. Rejects, with the storefront stopped, when the port is taken. */
export async function serve(
  storefront: Storefront,
  place: { readonly host: string; readonly port: number },
): Promise<ServedStorefront> {
  const server = createServer(storefront.app);
  try {
    server.listen(place.port, place.host);
    await once(server, 'listening');
  } catch (error) {
    await storefront.stop();
    throw error;
  }
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const drain = setTimeout(() => {
        server.closeAllConnections();
      }, drainMs);
      await closed;
      clearTimeout(drain);
      await storefront.stop();
    },
  };
}
