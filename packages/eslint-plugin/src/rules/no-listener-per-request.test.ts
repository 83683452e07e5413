import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noListenerPerRequest } from './no-listener-per-request.ts';

const rule = noListenerPerRequest as never;
const bus = "import { EventEmitter } from 'node:events'; const bus = new EventEmitter();";

javascript.run('no-listener-per-request', rule, {
  valid: [
    {
      name: 'taken off when the request is done',
      code: `${bus} app.get('/', (req, res) => { const tell = (x) => res.write(x); bus.on('order', tell); res.on('close', () => bus.off('order', tell)); });`,
    },
    {
      name: 'taken off on every way',
      code: `${bus} export async function checkout(request) { const onPaid = () => { request.done = true; }; bus.on('paid', onPaid); try { await pay(request); } finally { bus.off('paid', onPaid); } }`,
    },
    {
      name: 'taken off by somebody else',
      code: `${bus} export function checkout(request) { const onPaid = () => { request.done = true; }; bus.on('paid', onPaid); if (request.isFree) bus.off('paid', onPaid); return onPaid; }`,
    },
    {
      name: 'added once, when the program starts',
      code: `${bus} export function start(server) { bus.on('order', (order) => server.tell(order)); }`,
    },
    {
      name: 'a promise that the end of the emitter settles',
      code: "class Lines extends Stream { all() { return new Promise((resolve) => { this.on('end', () => resolve(this.lines)); }); } }",
    },
    {
      name: 'a channel of this request that is left again',
      code: "import { redis } from './redis.js'; app.get('/:id', async (req, res) => { await redis.subscribe(`order:${req.params.id}`); res.on('close', () => redis.unsubscribe(`order:${req.params.id}`)); });",
    },
    {
      name: 'a channel that is the same for all: subscribing to it again adds nothing',
      code: "import { redis } from './redis.js'; app.get('/', async (req, res) => { await redis.subscribe('orders'); res.end(); });",
    },
    {
      name: 'a connection of this request',
      code: "import { Redis } from 'ioredis'; app.get('/:id', async (req, res) => { const redis = new Redis(); await redis.subscribe(req.params.id); });",
    },
    {
      name: 'a subscription that somebody keeps',
      code: "import { bus } from './bus.js'; app.get('/:id', (req, res) => { const stop = bus.subscribe(req.params.id, (x) => res.write(x)); res.on('close', stop); });",
    },
    {
      name: 'an observable that may complete by itself',
      code: "import { users$ } from './users.js'; app.get('/', (req, res) => { users$.subscribe((users) => res.json(users)); });",
    },
    {
      name: 'a subject that is asked once',
      code: "const orders = new Subject(); app.get('/', (req, res) => { orders.pipe(take(1)).subscribe((order) => res.json(order)); });",
    },
    {
      name: 'a subscription at the start',
      code: "import { redis } from './redis.js'; redis.subscribe('orders'); export const start = (channel) => { redis.subscribe(channel); };",
    },
    {
      name: 'listeners of the request itself',
      code: "app.get('/', (req, res) => { req.on('close', () => res.end()); });",
    },
    {
      name: 'an emitter of this request',
      code: "app.get('/', (req, res) => { const job = start(); job.on('done', () => res.end()); });",
    },
    {
      name: 'waits once for what comes',
      code: `${bus} app.get('/', (req, res) => { bus.once('ready', () => res.end()); });`,
    },
    {
      name: 'the same function each time is no closure of the request',
      code: `${bus} function count() {} app.get('/', (req, res) => { bus.on('order', count); });`,
    },
    {
      name: 'a promise that a listener settles once',
      code: "class Queue { wait() { return new Promise((resolve) => { this.once('idle', resolve); }); } }",
    },
    {
      name: 'a listener that takes itself off',
      code: "class Queue { wait() { return new Promise((resolve) => { const done = () => { this.off('idle', done); resolve(); }; this.on('idle', done); }); } }",
    },
    {
      name: 'a stream that ends with the promise',
      code: "export function read(stream) { return new Promise((resolve) => { stream.on('end', () => resolve()); }); }",
    },
    {
      name: 'a new connection',
      code: "import net from 'node:net'; export function open() { const socket = net.connect(80); socket.once('connect', () => socket.write('')); }",
    },
    {
      name: 'a hook that is taken off again',
      code: "import onExit from 'signal-exit'; app.use((req, res) => { const remove = onExit(() => clean(req.files)); res.on('finish', remove); });",
    },
    { name: 'a hook of the program', code: "import onExit from 'signal-exit'; onExit(() => clean());" },
    {
      name: 'an EventTarget, once',
      code: "const hub = new EventTarget(); app.get('/', (req, res) => { hub.addEventListener('ready', () => res.end(), { once: true }); });",
    },
    {
      name: 'an EventTarget, until a signal ends it',
      code: "const hub = new EventTarget(); app.get('/', (req, res) => { const gone = new AbortController(); res.on('close', () => gone.abort()); hub.addEventListener('order', (event) => res.write(event.data), { signal: gone.signal }); });",
    },
    {
      name: 'a constructor, of the one instance of the program',
      code: "class App { constructor() { process.on('SIGTERM', () => this.stop()); } stop() {} } const app = new App(); export const stop = () => app.stop();",
      options: [{ constructors: true }],
    },
    {
      name: 'a constructor, of a class whose instances nobody sees: only where that is asked for',
      code: "export class App { constructor() { process.on('SIGTERM', () => this.stop()); } stop() {} }",
    },
    {
      name: 'a constructor, whose listener a method takes off',
      code: `${bus} class Live { constructor() { bus.on('order', this.follow); } follow = (order) => { this.last = order; }; end() { bus.off('order', this.follow); } } app.get('/', (req, res) => { const live = new Live(); res.on('close', () => live.end()); });`,
    },
    {
      name: 'a constructor, with a listener that holds nothing of the instance',
      code: `${bus} let orders = 0; class Live { constructor() { bus.on('order', () => { orders += 1; }); } } export class Pages { show(page) { return new Live(page); } }`,
      options: [{ constructors: true }],
    },
    {
      name: 'a constructor that listens to what it was given',
      code: "class Live { constructor(feed) { feed.on('order', () => this.next()); } next() {} } app.get('/', (req, res) => { new Live(req); });",
    },
    {
      name: 'asked whether it is connecting',
      code: "export function track(req) { const socket = req.socket; if (socket.connecting) req.socket.once('connect', go); }",
    },
  ],
  invalid: [
    {
      name: 'a channel for each request, of a connection that all share',
      code: "import { redis } from './redis.js'; app.get('/:id', async (req, res) => { const chatId = req.params.id; await redis.subscribe(chatId); res.writeHead(200); });",
      errors: [{ messageId: 'subscription' }],
    },
    {
      name: 'a channel that is named after the request',
      code: 'const redis = new Redis(); export function stream(request, response) { redis.psubscribe(`orders:${request.query.shop}:*`, () => {}); }',
      errors: [{ messageId: 'subscription' }],
    },
    {
      name: 'a subject of the module that each response listens to',
      code: "const orders = new BehaviorSubject(null); app.get('/', (req, res) => { orders.subscribe((order) => { res.write(order); }); });",
      errors: [{ messageId: 'subscription' }],
    },
    {
      name: 'a bus of the module',
      code: `${bus} export async function checkout(request) { const onPaid = (order) => { if (order === request.id) request.done = true; }; bus.on('order:paid', onPaid); }`,
      errors: [{ messageId: 'perRequest' }],
    },
    {
      name: 'taken off on one way only',
      code: `${bus} export async function checkout(request) { const onPaid = () => { request.done = true; }; bus.on('paid', onPaid); if (request.id < 0) bus.off('paid', onPaid); }`,
      errors: [{ messageId: 'perRequest' }],
    },
    {
      name: 'an emitter from elsewhere',
      code: "import { feed } from './feed.js'; router.get('/', (request, response) => { feed.on('order', (order) => response.write(order)); });",
      errors: [{ messageId: 'perRequest' }],
    },
    {
      name: 'the process',
      code: "app.use((req, res, next) => { process.once('SIGTERM', () => res.end()); next(); });",
      errors: [{ messageId: 'perRequest' }],
    },
    {
      name: 'an EventTarget',
      code: "const hub = new EventTarget(); app.get('/', (req, res) => { hub.addEventListener('order', (event) => res.write(event.data)); });",
      errors: [{ messageId: 'perRequest' }],
    },
    {
      name: 'a constructor, of instances that requests make',
      code: `${bus} class Live { constructor() { bus.on('order', (order) => this.next(order)); } next() {} } app.get('/', (req, res) => { const live = new Live(); res.json(live); });`,
      errors: [
        {
          message:
            /^Each Live adds a listener of 'order' to bus in its constructor, and nothing in this file takes it off: none of them is ever collected\. Remove it/u,
        },
      ],
    },
    {
      name: 'a constructor, by a field that is an arrow function, and one that is bound',
      code: "class Live { constructor() { process.on('SIGUSR2', this.show); process.once('exit', this.end.bind(this)); } show = () => { this.end(); }; end() {} } export const page = (request, response) => response.end(new Live());",
      errors: [{ messageId: 'instance' }, { messageId: 'instance' }],
    },
    {
      name: 'a constructor of a class that others make, where that is asked for',
      code: "export class Nightmare { constructor() { process.on('exit', () => this.end()); } end() {} }",
      options: [{ constructors: true }],
      errors: [{ messageId: 'instance' }],
    },
    {
      name: 'an exit hook',
      code: "import onExit from 'signal-exit'; export const parse = (options) => (req, res) => { onExit(() => clean(req.files)); };",
      errors: [{ messageId: 'exitHook' }],
    },
    {
      name: 'an exit hook of the project',
      code: "import { atEnd } from './at-end.js'; export const parse = (req) => { atEnd(() => clean(req.files)); };",
      options: [{ exitHooks: ['./at-end.js'] }],
      errors: [{ messageId: 'exitHook' }],
    },
    {
      name: 'a listener that settles a promise and stays',
      code: "class Queue { wait() { const self = this; return new Promise(function (resolve) { function done(value) { resolve(value); } self.on('idle', done); }); } }",
      errors: [{ messageId: 'settles' }],
    },
    {
      name: 'a socket that may be connected',
      code: "export function track(req) { req.connection.once('connect', () => start(req)); }",
      errors: [{ messageId: 'reusedSocket' }],
    },
    {
      name: 'the socket that a request is given',
      code: "export function track(request) { request.on('socket', (socket) => { socket.once('connect', () => start(request)); }); }",
      errors: [{ messageId: 'reusedSocket' }],
    },
  ],
});

const cursor = (noData: string): string => `
function Cursor() { this._noData = this._noData.bind(this); this._row = this._row.bind(this); }
Cursor.prototype._noData = function () { ${noData} };
Cursor.prototype._row = function () { this.connection.removeListener('noData', this._noData); };
Cursor.prototype.submit = function (connection) {
  this.connection = connection;
  const con = connection;
  con.once('noData', this._noData);
  con.once('row', this._row);
};
module.exports = Cursor;`;

commonjs.run('no-listener-per-request, one that is forgotten', rule, {
  valid: [{ name: 'each removes the other', code: cursor("this.connection.removeListener('row', this._row);") }],
  invalid: [
    {
      name: 'one removes the other, and not the other way round',
      code: cursor('this.state = 1;'),
      errors: [{ messageId: 'forgotten' }],
    },
  ],
});
