import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noUnboundedMetricLabel } from './no-unbounded-metric-label.ts';

const label = [{ messageId: 'label' }];
const start =
  "import { Counter } from 'prom-client'; const requests = new Counter({ name: 'requests', help: '', labelNames: ['path'] });";

javascript.run('no-unbounded-metric-label', noUnboundedMetricLabel as never, {
  valid: [
    {
      name: 'the pattern of the route',
      code: `${start} app.use((req, res) => { requests.inc({ path: req.route.path, method: req.method, status: res.statusCode }); });`,
    },
    { name: 'no request', code: `${start} export const count = (job) => requests.inc({ path: job.path });` },
    { name: 'no metric', code: 'app.use((req, res) => { seen.set(req.path, 1); cache.inc({ path: req.path }); });' },
    {
      name: 'a counter of another module',
      code: "import { Counter } from './counter.js'; const c = new Counter(); app.use((req) => c.inc({ path: req.path }));",
    },
  ],
  invalid: [
    {
      name: 'the path',
      code: `${start} app.use((req, res) => { requests.inc({ path: req.originalUrl }); });`,
      errors: label,
    },
    {
      name: 'labels in order',
      code: `${start} app.use((req, res) => { requests.labels(req.method, req.path).inc(); });`,
      errors: label,
    },
    {
      name: 'a parameter of the path',
      code: `${start} app.use((request, reply) => { requests.inc({ user: request.params.user }, 1); });`,
      errors: label,
    },
    {
      name: 'through a variable',
      code: `${start} app.use((req, res) => { const { path } = req; requests.inc({ path }); });`,
      errors: label,
    },
    {
      name: 'a field',
      code: "import client from 'prom-client'; class Metrics { times = new client.Histogram({ name: 't', help: '' }); seen(req) { this.times.observe({ ip: req.ip }, 1); } }",
      errors: label,
    },
    {
      name: 'a property of the project',
      code: `${start} app.use((req, res) => { requests.inc({ tenant: req.tenant }); });`,
      options: [{ properties: ['tenant'] }],
      errors: label,
    },
  ],
});

commonjs.run('no-unbounded-metric-label, CommonJS', noUnboundedMetricLabel as never, {
  valid: [],
  invalid: [
    {
      name: 'required',
      code: "const client = require('prom-client'); const c = new client.Gauge({}); app.use((req) => { c.set({ path: req.url }, 1); });",
      errors: label,
    },
  ],
});
