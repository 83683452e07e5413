/** Changes of services as the server tells them. */
import type { ServerClient } from '../remote/server-client.ts';

/** A change that the server knows of. */
export interface ListedChange {
  id: number;
  serviceId: number | null;
  timeMs: number;
  kind: string;
  summary: string;
  source: string;
  version: string | null;
  revision: string | null;
}

interface ListedService {
  id: number;
  name: string;
  environment: string;
}

/** The newest changes, with the names of their services. */
export async function listChanges(
  client: ServerClient,
  { service, most }: { service: string | undefined; most: number },
): Promise<(ListedChange & { service: string | null })[]> {
  const services = (await client.get('/api/v1/services')) as ListedService[];
  const names = new Map(
    services.map(({ id, name, environment }) => [id, environment === '' ? name : `${name} (${environment})`]),
  );
  const wanted = service === undefined ? [] : services.filter(({ name }) => name === service);
  const [only] = wanted;
  const serviceId = wanted.length === 1 ? only.id : undefined;
  const changes = (await client.get('/api/v1/changes', {
    most: serviceId === undefined ? 1000 : most,
    serviceId,
  })) as ListedChange[];
  const own = changes.filter((one) => service === undefined || wanted.some(({ id }) => id === one.serviceId));
  return own.slice(0, most).map((change) => ({
    ...change,
    service: change.serviceId === null ? null : (names.get(change.serviceId) ?? null),
  }));
}

/** A line for each change. */
export function changeLines(changes: readonly (ListedChange & { service: string | null })[]): string[] {
  return changes.map(({ timeMs, kind, service, summary, version, revision }) => {
    const time = new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
    const what = [version, revision?.slice(0, 12)].filter((text) => text != null && !summary.includes(text)).join(' ');
    return `${time}  ${kind.padEnd(7)}  ${service ?? 'nobody told whose'}  ${summary}${what === '' ? '' : `  ${what}`}`;
  });
}
