import { parseArgs } from 'node:util';
import { startLoad } from './load/load.ts';

const usage = 'usage: npm run load -- [--url http://127.0.0.1:3000] [--rate 200] [--seconds 60]';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const requestsPerSecond = Number(values.rate);
  const seconds = Number(values.seconds);
  if (!(requestsPerSecond >= 1 && requestsPerSecond <= 2000 && seconds >= 1 && seconds <= 3600)) {
    throw new Error(`--rate goes from 1 to 2000, --seconds from 1 to 3600\n${usage}`);
  }
  const load = startLoad({
    url: values.url,
    requestsPerSecond,
    maxDurationMs: seconds * 1000,
    seed: Date.now() >>> 0,
  });
  process.once('SIGINT', () => {
    load.stop();
  });
  const summary = await load.finished;
  console.log(`${String(summary.requests)} requests, ${String(summary.failures)} failures`);
  for (const [route, count] of Object.entries(summary.requestsByRoute)) {
    console.log(`  ${route.padEnd(24)} ${String(count)}`);
  }
}

try {
  await main();
  process.exit(0); // a client of autocannon that lost its server leaves a timer behind
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
