import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noCacheWithoutBound } from './no-cache-without-bound.ts';

const rule = noCacheWithoutBound as never;
const ajv = "import { Ajv } from 'ajv'; const ajv = new Ajv({ allErrors: true });";

javascript.run('no-cache-without-bound', rule, {
  valid: [
    {
      name: 'a number of entries',
      code: "import { LRUCache } from 'lru-cache'; const cache = new LRUCache({ max: 500, ttl: 1000 });",
    },
    {
      name: 'a size',
      code: "import { LRUCache } from 'lru-cache'; const cache = new LRUCache({ maxSize: 5000, sizeCalculation });",
    },
    {
      name: 'entries that go by themselves',
      code: "import { LRUCache } from 'lru-cache'; const cache = new LRUCache({ ttl: 1000, ttlAutopurge: true });",
    },
    {
      name: 'a number as the only option of older versions',
      code: "import LRU from 'lru-cache'; const cache = new LRU(500);",
    },
    {
      name: 'options that cannot be seen',
      code: "import { LRUCache } from 'lru-cache'; export const make = (options) => new LRUCache(options);",
    },
    {
      name: 'a cache that sweeps',
      code: "import NodeCache from 'node-cache'; const cache = new NodeCache({ stdTTL: 60 });",
    },
    { name: 'a class of the program', code: 'class LRUCache {} const cache = new LRUCache({ ttl: 1 });' },
    {
      name: 'a schema that is compiled once',
      code: `${ajv} const validate = ajv.compile({ type: 'object' }); app.post('/', (req, res) => { if (!validate(req.body)) res.sendStatus(400); });`,
    },
    {
      name: 'a schema of the module: Ajv finds it again',
      code: `${ajv} const schema = { type: 'object' }; app.post('/', (req, res) => { const validate = ajv.compile(schema); if (!validate(req.body)) res.sendStatus(400); });`,
    },
    {
      name: 'a schema that is kept by name',
      code: `${ajv} const validators = {}; app.post('/:kind', (req, res) => { const validate = (validators.order ??= ajv.compile({ type: 'object' })); res.json(validate(req.body)); });`,
    },
    {
      name: 'a function that was compiled and is handed on',
      code: `${ajv} app.post('/', (req, res) => { const validate = ajv.compile({ type: 'object' }); remember(validate); res.json(validate(req.body)); });`,
    },
    {
      name: 'a schema that is taken out again',
      code: `${ajv} app.post('/', (req, res) => { const { schema } = req.body; const ok = ajv.validate(schema, req.body.data); ajv.removeSchema(schema); res.json(ok); });`,
    },
    {
      name: 'an Ajv that goes with the request',
      code: "import Ajv from 'ajv'; app.post('/', (req, res) => { const ajv = new Ajv(); res.json(ajv.validate({ type: 'object' }, req.body)); });",
    },
    {
      name: 'at the start',
      code: `${ajv} export function readConfig(file) { if (!ajv.validate({ type: 'object' }, file)) throw new Error('config'); }`,
    },
    {
      name: 'a template that is the same for all, with what differs as data',
      code: "import Mustache from 'mustache'; app.get('/', (req, res) => { res.send(Mustache.render('hello {{name}}', { name: req.query.name })); });",
    },
    {
      name: 'a cache of templates that somebody has bounded',
      code: "import Mustache from 'mustache'; Mustache.templateCache = lru; app.get('/', (req, res) => { res.send(Mustache.render(`hello ${req.query.name}`, {})); });",
    },
    {
      name: 'a render of the program',
      code: "import Mustache from './mustache.js'; app.get('/', (req, res) => { res.send(Mustache.render(`hello ${req.query.name}`, {})); });",
    },
  ],
  invalid: [
    {
      name: 'what expires only when it is asked for',
      code: "import { LRUCache } from 'lru-cache'; const sessions = new LRUCache({ ttl: 60_000 });",
      errors: [{ messageId: 'ttlOnly' }],
    },
    {
      name: 'nothing at all',
      code: "import NodeCache from 'node-cache'; const cache = new NodeCache();",
      errors: [{ messageId: 'cache' }],
    },
    {
      name: 'options without a bound',
      code: "import NodeCache from 'node-cache'; class Users { cache = new NodeCache({ useClones: false }); }",
      errors: [{ messageId: 'cache' }],
    },
    {
      name: 'a schema that each request compiles',
      code: `${ajv} app.post('/', (req, res) => { const validate = ajv.compile({ type: 'object' }); if (!validate(req.body)) res.json(validate.errors); });`,
      errors: [{ messageId: 'schema' }],
    },
    {
      name: 'a schema that each request validates with',
      code: `${ajv} app.post('/', async (req, res) => { const schema = { type: 'object' }; res.json(ajv.validate(schema, req.body)); });`,
      errors: [{ messageId: 'schema' }],
    },
    {
      name: 'a schema that the request brought, with plugins around Ajv',
      code: "import Ajv2020 from 'ajv/dist/2020.js'; import addFormats from 'ajv-formats'; const ajv = addFormats(new Ajv2020()); app.post('/', async (req, res) => { const validate = await ajv.compileAsync(req.body.schema); res.json(validate(req.body.data)); });",
      errors: [{ messageId: 'schema' }],
    },
    {
      name: 'a schema that the request brought as text',
      code: `${ajv} export function check(request) { return ajv.compile(JSON.parse(request.body))(request.query); }`,
      errors: [{ messageId: 'schema' }],
    },
    {
      name: 'a template with a value of the request in its text',
      code: "import Mustache from 'mustache'; app.get('/', (req, res) => { res.send(Mustache.render(`hello ${req.query.name}, {{count}} orders`, { count: 2 })); });",
      errors: [{ message: /^mustache keeps every template/u }],
    },
    {
      name: 'a template that the request brought',
      code: "import { render } from 'mustache'; app.post('/', (req, res) => { const { text } = req; const template = 'hello ' + req.body.template; res.send(render(template, {})); });",
      errors: [{ messageId: 'template' }],
    },
  ],
});

commonjs.run('no-cache-without-bound, CommonJS', rule, {
  valid: [],
  invalid: [
    {
      name: 'Hogan, which keeps templates by their text, too',
      code: "const hogan = require('hogan.js'); exports.page = (req, res) => { res.send(hogan.compile(req.body.page).render({})); };",
      errors: [{ messageId: 'template' }],
    },
    {
      name: 'required',
      code: "const { LRUCache } = require('lru-cache'); const options = { ttl: 5 }; const cache = new LRUCache(options);",
      errors: [{ messageId: 'ttlOnly' }],
    },
  ],
});
