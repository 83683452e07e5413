// The host of the soak: publishes requests on Node's own channel as fast as it can, each with a URL of its own, and
// writes a heap snapshot when a line of input names a file. It keeps nothing itself.
const { channel } = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const { getHeapStatistics, writeHeapSnapshot } = require('node:v8');

class Response extends EventEmitter {
  /**
   * @param {object} request
   * @param {number} statusCode
   */
  constructor(request, statusCode) {
    super();
    this.req = request;
    this.statusCode = statusCode;
    this.writableFinished = statusCode % 7 !== 0;
  }
}

const started = channel('http.server.request.start');
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'X-METHOD'];
let made = 0;
let stopped = false;

function turn() {
  for (let i = 0; i < 100; i++) {
    made += 1;
    const request = {
      method: methods[made % 5],
      url: `/p${made.toString(36)}/word${made % 977}x/q-${made % 131}?id=${made}`,
      rawHeaders: ['x-forwarded-for', `10.${(made >> 16) & 255}.${(made >> 8) & 255}.${made & 255}`],
      socket: {},
    };
    const response = new Response(request, 200 + (made % 400));
    started.publish({ request, response, server: undefined });
    response.emit('close');
  }
  if (!stopped) setTimeout(turn, 5);
}
turn();

process.stdin.on('data', (line) => {
  const file = line.toString().trim();
  globalThis.gc?.();
  globalThis.gc?.();
  if (file !== '') writeHeapSnapshot(file);
  process.stdout.write(`${JSON.stringify({ made, heapBytes: getHeapStatistics().used_heap_size })}\n`);
});
process.stdin.on('end', () => {
  stopped = true;
});
