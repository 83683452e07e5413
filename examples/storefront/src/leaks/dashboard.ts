/** `ebb test`: a customer who is logged in looks at the dashboard. */
import { serve, type ServedStorefront } from '../serve.ts';
import { Visitor } from '../visitor/visitor.ts';
import { changeOf } from './changes.ts';
import { openStorefront } from './open-storefront.ts';

let served: ServedStorefront;
let visitor: Visitor;

/** Opens the shop, and logs in. */
export async function setup(): Promise<void> {
  const storefront = await openStorefront(changeOf(process.env).features);
  served = await serve(storefront, { host: '127.0.0.1', port: 0 });
  visitor = new Visitor(served.url);
  await visitor.logIn(1);
}

/** One look. */
export async function iterate(look: number): Promise<void> {
  await visitor.seeDashboard(`?days=${1 + (look % 31)}`);
}

/** Closes the shop. */
export async function teardown(): Promise<void> {
  await served.stop();
}
