// The dead-man's switch with real agents: one whose process is killed is missed, and one whose process ends in order is not.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentEnvironment } from '../fixtures/agent-environment.ts';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-silent-agents-'));
const register = pathToFileURL(join(import.meta.dirname, '../../../agent/dist/register.cjs')).href;
/** Ends when its input does. */
const program = 'process.stdin.resume().on("end", () => process.exit(0));';
let team: FakeReceiver;
let server: TestServer;
const children: ChildProcess[] = [];

beforeAll(async () => {
  team = await startReceiver();
  const rulesFile = join(folder, 'rules.yaml');
  writeFileSync(
    rulesFile,
    `
silent: { after: 15s, level: page }
routes: [{ to: [team] }]
receivers: { team: { webhook: { url: "${team.url}" } } }
`,
  );
  server = await startTestServer({ rulesFile, environment: {} });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.remove();
  await team.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(service: string): ChildProcess {
  const child = spawn(process.execPath, ['--import', register, '-e', program], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: agentEnvironment(server, { service, folder }),
  });
  children.push(child);
  return child;
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
};
/** For how long each service was heard, by its processes. */
async function heardFor(name: string): Promise<number> {
  const services = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
  const service = services.find((one) => one.name === name);
  if (service === undefined) return 0;
  const [process] = (await server.send('GET', `/api/v1/services/${service.id}/processes`)).json as {
    firstSeenMs: number;
    lastSeenMs: number;
  }[];
  return process === undefined ? 0 : process.lastSeenMs - process.firstSeenMs;
}

test(
  'who is killed is missed, who ends in order is not, and who is back is not missed any more',
  { timeout: 180_000 },
  async () => {
    const [ended, killed] = [start('ended'), start('killed')];
    // What lives for less than the rule's time is not missed.
    for (const name of ['ended', 'killed']) await until(async () => (await heardFor(name)) > 16_000);
    const exited = once(ended, 'exit');
    ended.stdin?.end();
    expect((await exited)[0]).toBe(0);
    killed.kill('SIGKILL');
    await until(() => team.told.length > 0);
    // It was killed after the other one had ended: that would be missed by now.
    expect(team.told.map(({ json }) => json.incidents)).toMatchObject([
      [
        {
          change: 'opened',
          level: 'page',
          service: 'killed',
          summary: expect.stringMatching(/^killed: its only process has not been heard of for /),
        },
      ],
    ]);
    start('killed');
    await until(async () => {
      const { json } = await server.send('GET', '/api/v1/incidents/1');
      return (json as { timeline: { kind: string }[] }).timeline.some(({ kind }) => kind === 'calm');
    });
    expect((await server.send('GET', '/api/v1/incidents?open=false')).json).toHaveLength(1);
  },
);
