import { commonjs, javascript, typescript } from '../fixtures/rule-tester.ts';
import { noUnboundedCollection } from './no-unbounded-collection.ts';

const rule = noUnboundedCollection as never;
const unbounded = [{ messageId: 'unbounded' }];

javascript.run('no-unbounded-collection', rule, {
  valid: [
    {
      name: 'what is deleted from somewhere',
      code: 'const sessions = new Map(); export function open(session) { sessions.set(session.id, session); } export function close(id) { sessions.delete(id); }',
    },
    {
      name: 'the response that came last',
      code: 'let last; const state = {}; app.get("/", (req, res) => { last = res; state.response = res; });',
    },
    {
      name: 'responses that are taken out when they close',
      code: 'const open = new Set(); app.get("/events", (req, res) => { open.add(res); res.on("close", () => open.delete(res)); });',
    },
    {
      name: 'what belongs to a response for as long as that lives',
      code: 'const started = new WeakMap(); app.use((req, res, next) => { started.set(res, Date.now()); next(); });',
    },
    {
      name: 'regular expressions that are written in the program',
      code: 'const compiled = new Map(); export function pattern(source) { if (!compiled.has(source)) compiled.set(source, new RegExp(source)); return compiled.get(source); }',
    },
    {
      name: 'what is bounded by its size',
      code: 'const seen = new Set(); export function see(token) { if (seen.size > 1000) return; seen.add(token); }',
    },
    {
      name: 'a batch that is taken away whole',
      code: 'let batch = []; export function add(row) { batch.push({ row }); if (batch.length >= 700) { const rows = batch; batch = []; flush(rows); } }',
    },
    {
      name: 'a table of handlers that the program fills',
      code: 'const handlers = new Map(); export function register(name, handler) { handlers.set(name, handler); }',
    },
    {
      name: 'a cache by language',
      code: 'const formats = new Map(); export function format(locale) { if (!formats.has(locale)) formats.set(locale, new Intl.NumberFormat(locale)); return formats.get(locale); }',
    },
    {
      name: 'metadata that goes with its object',
      code: 'const metadata = new WeakMap(); export function handle(request) { metadata.set(request, { at: Date.now() }); }',
    },
    {
      name: 'what is filled while the module loads',
      code: 'const byToken = new Map(); for (const [token, rule] of RULES) byToken.set(token, rule); export const ruleOf = (token) => byToken.get(token);',
    },
    {
      name: 'a function that only the module itself calls',
      code: 'const byToken = new Map(); function fill(token) { byToken.set(token, 1); } fill("a"); fill("b"); export const has = (t) => byToken.has(t);',
    },
    {
      name: 'a collection of this call',
      code: 'export function unique(sessions) { const ids = new Set(); for (const session of sessions) ids.add(session.id); return [...ids]; }',
    },
    {
      name: 'what is exported: others may take out of it',
      code: 'export const sessions = new Map(); export function open(session) { sessions.set(session.id, session); }',
    },
    {
      name: 'what is handed to somebody who may take out of it',
      code: 'const sessions = new Map(); sweep(sessions); export function open(session) { sessions.set(session.id, session); }',
    },
    { name: 'fixed keys of an object', code: 'const state = {}; export function set(user) { state.user = user; }' },
    {
      name: 'a field of a class that nobody outside can make last',
      code: 'class Visitor { sessions = new Map(); see(session) { this.sessions.set(session.id, session); } }',
    },
    {
      name: 'a field that is emptied by another class',
      code: 'export class Store { sessions = new Map(); open(session) { this.sessions.set(session.id, session); } } export function reset(store) { store.sessions.clear(); }',
    },
    {
      name: 'a field, when instances are not looked at',
      code: 'export class Store { sessions = new Map(); open(session) { this.sessions.set(session.id, session); } }',
      options: [{ instances: false }],
    },
    {
      name: 'entries that are set to undefined again',
      code: 'const calls = {}; export function start(callId) { calls[callId] = 1; } export function end(callId) { calls[callId] = undefined; }',
    },
    {
      name: 'a builder that collects its own parts',
      code: 'export class Builder { #parts = []; add(part) { this.#parts.push({ part }); return this; } build() { return this.#parts.join(); } }',
    },
  ],
  invalid: [
    {
      name: 'sessions by id',
      code: 'const sessions = new Map(); export function open(user) { const session = { id: crypto.randomUUID(), user }; sessions.set(session.id, session); return session; } export const find = (id) => sessions.get(id);',
      errors: unbounded,
    },
    {
      name: 'a counter for a key',
      code: 'let last = 0; const actors = new Map(); export function register(actor) { const id = "x:" + last++; actors.set(id, actor); return id; }',
      errors: unbounded,
    },
    {
      name: 'every timer of every call',
      code: 'const timers = []; export function later(work) { const timer = setTimeout(work, 1000); timers.push(timer); } export function stop() { timers.forEach(clearTimeout); }',
      errors: unbounded,
    },
    {
      name: 'addresses of clients',
      code: 'const hits = {}; export function allow(ip) { hits[ip] = (hits[ip] ?? 0) + 1; return hits[ip] < 10; }',
      errors: unbounded,
    },
    {
      name: 'something of each request',
      code: 'const log = []; app.get("/", (req, res) => { log.push(req.headers); res.end(); });',
      errors: unbounded,
    },
    {
      name: 'the response of each subscriber',
      code: 'const clients = []; app.get("/events", (req, res) => { res.writeHead(200); clients.push(res); }); export const tell = (text) => clients.forEach((client) => client.write(text));',
      errors: unbounded,
    },
    {
      name: 'responses that wait, by a key of the request',
      code: 'const waiting = new Map(); app.get("/:id", (req, res) => { waiting.set(`${req.params.id}:reply`, res); }); export const reply = (id, x) => waiting.get(id).json(x);',
      errors: unbounded,
    },
    {
      name: 'functions that hold on to the response',
      code: 'const queue = []; export function wait(req, res) { queue.push(() => res.end()); }',
      errors: unbounded,
    },
    {
      name: 'regular expressions that requests bring',
      code: 'const compiled = {}; app.get("/search", (req, res) => { const source = req.query.q; compiled[source] ??= new RegExp(source); res.json(find(compiled[source])); });',
      errors: unbounded,
    },
    {
      name: 'templates and schemas that were compiled for a request',
      code: 'const validators = new Map(); app.post("/", (req, res) => { const name = `${req.body.kind}/${req.body.version}`; validators.set(name, compile(name)); res.json(validators.get(name)(req.body)); });',
      errors: unbounded,
    },
    {
      name: 'a field of the only instance',
      code: 'class Limiter { hits = new Map(); allow(ip) { this.hits.set(ip, Date.now()); } } export const limiter = new Limiter();',
      errors: unbounded,
      options: [{ instances: false }],
    },
    {
      name: 'a static member',
      code: 'export class Registry { static byToken = new Map(); static add(token, value) { Registry.byToken.set(token, value); } }',
      errors: unbounded,
      options: [{ instances: false }],
    },
    {
      name: 'a field of a class that others make',
      code: 'export class SessionStore { constructor() { this.sessions = new Map(); } create(user) { const session = { id: "s" + Math.random().toString(36), user }; this.sessions.set(session.id, session); return session; } }',
      errors: unbounded,
    },
    {
      name: 'a private field',
      code: 'export class Peers { #byPeer = new Map(); see(peer) { this.#byPeer.set(peer, Date.now()); } }',
      errors: unbounded,
    },
    {
      name: 'a property of an object of the module',
      code: 'const state = { bySession: new Map() }; export function keep(session) { state.bySession.set(session, 1); }',
      errors: unbounded,
    },
    {
      name: 'a list of an instance, when lists are asked for',
      code: 'export class Call { buffer = []; write(data) { const entry = { data }; this.buffer[this.buffer.length] = entry; } }',
      options: [{ arrays: true }],
      errors: unbounded,
    },
    {
      name: 'instances that list themselves',
      code: 'const instances = []; export class Client { constructor() { instances.push(this); } }',
      errors: unbounded,
    },
    {
      name: 'a word of the project',
      code: 'const parcels = new Map(); export function send(parcelCode) { parcels.set(parcelCode, 1); }',
      options: [{ trafficWords: ['parcel'] }],
      errors: unbounded,
    },
  ],
});

commonjs.run('no-unbounded-collection, CommonJS', rule, {
  valid: [
    {
      name: 'what a function of the prototype deletes',
      code: 'function Client() { this.topics = {}; } Client.prototype.subscribe = function (messageId, topics) { this.topics[messageId] = topics; }; Client.prototype.end = function (messageId) { delete this.topics[messageId]; }; module.exports = Client;',
    },
  ],
  invalid: [
    {
      name: 'a field of a constructor function, by an alias of this',
      code: 'function Client() { this.topics = {}; } Client.prototype.subscribe = function (topics) { const that = this; return function () { const packet = { messageId: that._nextId() }; that.topics[packet.messageId] = topics; }; }; module.exports = Client;',
      errors: unbounded,
    },
    {
      name: 'a singleton of a container, as TypeScript compiles it',
      code: 'let Storage = class Storage { constructor() { this.timers = []; } add() { const timer = setTimeout(() => {}, 1); this.timers.push(timer); } }; Storage = __decorate([(0, common_1.Injectable)()], Storage); exports.Storage = Storage;',
      errors: unbounded,
      options: [{ instances: false }],
    },
  ],
});

typescript.run('no-unbounded-collection, TypeScript', rule, {
  valid: [
    {
      name: 'a provider with an instance for each request',
      code: '@Injectable({ scope: Scope.REQUEST }) class Storage { private readonly byIp: string[] = []; add(ip: string): void { this.byIp.push(ip); } }',
    },
  ],
  invalid: [
    {
      name: 'typed collections',
      code: 'const sessions: Map<string, Session> = new Map<string, Session>(); export function open(session: Session): void { sessions.set(session.id, session); }',
      errors: unbounded,
    },
    {
      name: 'a singleton of a container',
      code: '@Injectable() export class Storage { private readonly hits: Record<string, number> = {}; hit(ip: string): void { this.hits[ip] = Date.now(); } }',
      errors: unbounded,
      options: [{ instances: false }],
    },
  ],
});
