// The load of the bench. The storefront's customers do what its own load generator has them do, the same visits for each
// variant; the small service is asked for one item after the other. So many at a time, one request behind the other each.
import { Agent, request } from 'node:http';
import { planVisit } from '../../examples/storefront/dist/load/journey.js';
import { Dice } from '../../examples/storefront/dist/storage/dice.js';

/** Makes requests until there were so many. @throws when an answer is none that was expected */
export type Load = (requests: number) => Promise<void>;

interface Ask {
  method: string;
  path: string;
  body?: unknown;
  cookie?: string | undefined;
}

const customers = 8;

/** Customers of the storefront; the same seed plans the same visits. */
export function storefrontLoad(port: number, seed: number): Load & { end(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: customers });
  const dice = new Dice(seed);
  const load = async (requests: number): Promise<void> => {
    let sent = 0;
    const customer = async (): Promise<void> => {
      while (sent < requests) {
        let cookie: string | undefined;
        for (const { method, path, body } of planVisit(dice)) {
          if (sent++ >= requests) return;
          const answer = await ask(agent, port, { method, path, body, cookie });
          if (answer.status >= 400) throw new Error(`${method} ${path}: status ${String(answer.status)}`);
          cookie = answer.cookie ?? cookie;
        }
      }
    };
    await Promise.all(Array.from({ length: customers }, customer));
  };
  return Object.assign(load, { end: () => agent.destroy() });
}

/** The small service: each request has a path of its own. */
export function itemsLoad(port: number): Load & { end(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: customers });
  const load = async (requests: number): Promise<void> => {
    let sent = 0;
    const customer = async (): Promise<void> => {
      while (sent < requests) {
        const { status } = await ask(agent, port, { method: 'GET', path: `/items/${String(sent++)}?q=1` });
        if (status !== 200) throw new Error(`status ${String(status)}`);
      }
    };
    await Promise.all(Array.from({ length: customers }, customer));
  };
  return Object.assign(load, { end: () => agent.destroy() });
}

async function ask(
  agent: Agent,
  port: number,
  { method, path, body, cookie }: Ask,
): Promise<{ status: number; cookie: string | undefined }> {
  return await new Promise((resolve, reject) => {
    const headers: Record<string, string> = { accept: 'text/html,application/json' };
    if (cookie !== undefined) headers['cookie'] = cookie;
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (text !== undefined) headers['content-type'] = 'application/json';
    const made = request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume().on('end', () => {
        const [set] = response.headers['set-cookie'] ?? [];
        resolve({ status: response.statusCode ?? 0, cookie: set?.split(';', 1)[0] });
      });
    });
    made.on('error', reject).end(text);
  });
}
