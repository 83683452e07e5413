import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStorefront } from './app.ts';
import { readConfiguration, type Configuration } from './configuration.ts';

/** How long requests may go on after a signal to stop. */
const drainMs = 2000;

async function main(configuration: Configuration): Promise<void> {
  const storefront = await createStorefront({ ...configuration, now: Date.now });
  const server = createServer(storefront.app);
  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    setTimeout(() => {
      server.closeAllConnections();
    }, drainMs).unref();
    await closed;
    await storefront.stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop().catch((error: unknown) => {
        console.error(error);
        process.exitCode = 1;
      });
    });
  }

  server.listen(configuration.port, configuration.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    await storefront.stop();
    throw error;
  }
  const { address, port } = server.address() as AddressInfo;
  console.log(`storefront ${configuration.release} listens on http://${address}:${String(port)}`);
}

try {
  await main(readConfiguration(process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
