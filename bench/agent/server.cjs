// The service of the overhead bench: an ordinary JSON API on node:http, bound by CPU, as cheap a request as a real one
// may be. It tells its port.
const { createServer } = require('node:http');

const items = Array.from({ length: 2000 }, (_, i) => ({
  id: i,
  name: `item ${i}`,
  price: i * 7,
  tags: ['a', 'b', `t${i % 9}`],
}));
/** @type {unknown[]} */
const recent = [];

const server = createServer((request, response) => {
  const id = Number(/^\/items\/(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
  const found = items.slice(id % 1900, (id % 1900) + 60).filter(({ price }) => price % 3 !== 0);
  recent.push({ id, found });
  if (recent.length > 200) recent.shift();
  const body = JSON.stringify({ id, found });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.stdout.write(`port ${port}\n`);
});
process.once('SIGTERM', () => process.exit());
