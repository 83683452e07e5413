import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noUnclearedInterval } from './no-uncleared-interval.ts';

const rule = noUnclearedInterval as never;

javascript.run('no-uncleared-interval', rule, {
  valid: [
    {
      name: 'kept in a field, and cleared',
      code: 'class Cache { constructor() { this.timer = setInterval(() => this.sweep(), 1000).unref(); } stop() { clearInterval(this.timer); } }',
    },
    {
      name: 'kept in a field: somebody may clear it',
      code: 'class Cache { constructor() { this.timer = setInterval(() => this.sweep(), 1000); } }',
    },
    {
      name: 'cleared by its own callback',
      code: 'class Wait { constructor() { const timer = setInterval(() => { if (this.isReady()) clearInterval(timer); }, 10); } }',
    },
    { name: 'of the module', code: 'setInterval(() => report(), 1000).unref();' },
    { name: 'started once by a method', code: 'class Server { start() { setInterval(() => this.tick(), 1000); } }' },
    {
      name: 'holds nothing of the instance',
      code: 'class Server { constructor() { setInterval(() => tick(), 1000); } }',
    },
    { name: 'handed out', code: 'export function every(req, work) { return setInterval(() => work(req), 1000); }' },
    {
      name: 'another setInterval',
      code: "import { setInterval } from './clock.js'; class Cache { constructor() { setInterval(() => this.sweep(), 1000); } }",
    },
  ],
  invalid: [
    {
      name: 'thrown away',
      code: 'class Cache { constructor() { setInterval(() => this.sweep(), 1000); } }',
      errors: [{ messageId: 'instance' }],
    },
    {
      name: 'unref does not help',
      code: 'class Cache { constructor() { setInterval(() => { this.sweep(); }, 1000).unref(); } }',
      errors: [{ messageId: 'instance' }],
    },
    {
      name: 'a method that is bound',
      code: 'class Cache { constructor() { setInterval(this.sweep.bind(this), 1000); } }',
      errors: [{ messageId: 'instance' }],
    },
    {
      name: 'each request',
      code: 'app.get("/events", (req, res) => { setInterval(() => res.write(":"), 1000); });',
      errors: [{ messageId: 'request' }],
    },
    {
      name: 'each request, in a variable that only unrefs',
      code: 'app.get("/events", (req, res) => { const beat = setInterval(() => res.write(":"), 1000); beat.unref(); });',
      errors: [{ messageId: 'request' }],
    },
  ],
});

commonjs.run('no-uncleared-interval, constructor functions', rule, {
  valid: [],
  invalid: [
    {
      name: 'a local variable, asked for unref',
      code: 'function Provider() { var self = this; this.keys = {}; var timer = setInterval(function () { sweep(self.keys); }, 1000); if (timer.unref && !old) timer.unref(); } Provider.prototype.get = function () {}; exports.Provider = Provider;',
      errors: [{ messageId: 'instance' }],
    },
  ],
});
