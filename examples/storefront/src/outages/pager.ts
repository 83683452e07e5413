/** Where pages arrive: a receiver of Ebb's webhooks on this machine, in the place of everybody's phone. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page as it arrived. */
export interface Page {
  /** Whose phone it is. */
  readonly person: string;
  readonly text: string;
}

/** A receiver that listens. */
export interface Pager {
  readonly url: string;
  close(): Promise<void>;
}

const mostBytes = 100_000;

/** Listens for pages at `/PERSON`. */
export async function openPager(onPage: (page: Page) => void): Promise<Pager> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < mostBytes) text += chunk;
    });
    request.on('end', () => {
      response.end();
      onPage({ person: (request.url ?? '/').slice(1), text: textOf(text) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function textOf(body: string): string {
  try {
    return (JSON.parse(body) as { text?: string }).text ?? body;
  } catch {
    return body;
  }
}
