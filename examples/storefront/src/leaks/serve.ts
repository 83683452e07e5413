/** The shop for `ebb soak`: who comes without a cookie is the one visitor who logged in last. */
import express from 'express';
import { serve } from '../serve.ts';
import { Visitor } from '../visitor/visitor.ts';
import { changeOf } from './changes.ts';
import { openStorefront } from './open-storefront.ts';

const storefront = await openStorefront(changeOf(process.env).features);
let cookie = '';
const front = express();
front.use((request, response, next) => {
  if (cookie !== '') request.headers.cookie ??= cookie;
  response.once('finish', () => {
    const set = response.getHeader('set-cookie');
    const [latest] = Array.isArray(set) ? set : [String(set ?? '')];
    if (latest !== undefined && latest !== '') cookie = latest.slice(0, latest.indexOf(';'));
  });
  next();
});
front.use(storefront.app);

const port = Number(process.env['PORT'] ?? 3000);
const served = await serve({ ...storefront, app: front }, { host: '127.0.0.1', port });
process.once('SIGTERM', () => {
  void served.stop();
});
await new Visitor(served.url).logIn(1);
console.log(`storefront listens on ${served.url}`);
