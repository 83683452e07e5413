// A web service that keeps every login, with its own visitors: a bounded number of requests from inside the same process.
// node leaky-server.mjs [seconds] [requests a second] [bytes a login]
import http from 'node:http';

const [seconds = 60, perSecond = 200, bytesPerLogin = 3000] = process.argv.slice(2).map(Number);
const sessions = new Map();

const server = http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/login') {
    const id = `session-${sessions.size}`;
    sessions.set(id, { id, cart: Array.from({ length: bytesPerLogin / 8 }, (_, k) => k + 0.5) });
  }
  response.end('ok');
});

server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const visit = (method, path) =>
    new Promise((resolve) => {
      const request = http.request({ port, host: '127.0.0.1', method, path, agent }, (response) => {
        response.resume().on('end', resolve);
      });
      request.on('error', resolve).end();
    });
  const endAt = Date.now() + seconds * 1000;
  while (Date.now() < endAt) {
    const batch = Array.from({ length: Math.ceil(perSecond / 20) }, (_, k) => (k % 2 ? visit('GET', '/') : visit('POST', '/login')));
    await Promise.all([...batch, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  agent.destroy();
  server.close();
});
