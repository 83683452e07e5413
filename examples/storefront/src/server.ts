import { createStorefront } from './app.ts';
import { readConfiguration, type Configuration } from './configuration.ts';
import { serve } from './serve.ts';

async function main(configuration: Configuration): Promise<void> {
  const storefront = await createStorefront({ ...configuration, now: Date.now });
  const served = await serve(storefront, configuration);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // once: a second signal ends the process the hard way
    process.once(signal, () => {
      served.stop().catch(report);
    });
  }
  console.log(`storefront ${configuration.release} listens on ${served.url}`);
}

function report(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

try {
  await main(readConfiguration(process.env));
} catch (error) {
  report(error);
}
