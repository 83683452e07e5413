/** `ebb test`: a customer logs in and out. */
import { serve, type ServedStorefront } from '../serve.ts';
import { Visitor } from '../visitor/visitor.ts';
import { changeOf } from './changes.ts';
import { openStorefront } from './open-storefront.ts';

let served: ServedStorefront;

/** Opens the shop. */
export async function setup(): Promise<void> {
  const storefront = await openStorefront(changeOf(process.env).features);
  served = await serve(storefront, { host: '127.0.0.1', port: 0 });
}

/** One visit. */
export async function iterate(visit: number): Promise<void> {
  const visitor = new Visitor(served.url);
  await visitor.ask('GET', '/login');
  await visitor.logIn(1 + (visit % 50));
  await visitor.ask('POST', '/logout');
}

/** Closes the shop. */
export async function teardown(): Promise<void> {
  await served.stop();
}
