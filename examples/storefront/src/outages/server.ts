/** A server of `ebb up` in a temporary folder, with a plan for who is paged and a policy for what may be done. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEbb, type Running } from './ebb.ts';

/** A server that answers. */
export interface OutageServer {
  readonly url: string;
  /** What commands of a responder need: EBB_SERVER, EBB_TOKEN. */
  readonly environment: Readonly<Record<string, string>>;
  /** What agents need to report: OTEL_…. */
  readonly telemetry: Readonly<Record<string, string>>;
  /** Of agents and monitoring. */
  readonly agentToken: string;
  ask<T>(path: string): Promise<T>;
  stop(): Promise<void>;
}

const codeOwners = `
*          @acme/web
session/   @acme/identity
dashboard/ @acme/insights
`;

const rules = `
services:
  - match: { service: storefront }
    labels: { team: web, zone: Africa/Nairobi }
`;

const policy = `
services:
  - match: { service: storefront }
    allow: [restart, rollback, rollforward]
    least_serving: 2
    budget: { actions: 20, per: 1h }
    automatic: { lead: 15s, failures: 2 }
`;

/** Ada is on call; the teams that own the sessions and the dashboard have somebody each. */
function plan(pagerUrl: string): string {
  const person = (name: string, zone: string): string =>
    `  ${name}: { zone: ${zone}, reach: [{ webhook: { url: "${pagerUrl}/${name}" } }] }`;
  return `
people:
${person('ada', 'Africa/Nairobi')}
${person('grace', 'Europe/London')}
${person('linus', 'Europe/Helsinki')}
teams:
  identity: { owners: ["@acme/identity"], on_call: [{ person: grace }] }
  insights: { owners: ["@acme/insights"], on_call: [{ person: linus }] }
policies:
  web:
    steps:
      - { to: [{ person: ada }], wait: 15m }
      - { to: [owner], wait: 15m }
routes: [{ policy: web }]
codeowners: CODEOWNERS
`;
}

/** Starts it; resolves when it listens. */
export async function startOutageServer(folder: string, pagerUrl: string): Promise<OutageServer> {
  const config = join(folder, 'config');
  await mkdir(config);
  const files = { 'rules.yaml': rules, 'response.yaml': policy, 'oncall.yaml': plan(pagerUrl), CODEOWNERS: codeOwners };
  for (const [name, text] of Object.entries(files)) await writeFile(join(config, name), text);
  const words = ['up', '--port', '0', '--data', join(folder, 'server')];
  for (const name of ['rules', 'oncall', 'response']) words.push(`--${name}`, join(config, `${name}.yaml`));
  const running: Running = await startEbb(words, {}, /^admin +(\S+)\nagents +(\S+)\n[^]*^listening +(\S+)\n/m);
  const [, admin = '', agents = '', url = ''] = running.found;
  return {
    url,
    environment: { EBB_SERVER: url, EBB_TOKEN: admin },
    telemetry: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${agents}`,
    },
    agentToken: agents,
    async ask<T>(path: string): Promise<T> {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${admin}` } });
      if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
      return (await response.json()) as T;
    },
    stop: () => running.stop(),
  };
}
