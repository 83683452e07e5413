import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noCacheWithoutBound } from './no-cache-without-bound.ts';

const rule = noCacheWithoutBound as never;

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
  ],
});

commonjs.run('no-cache-without-bound, CommonJS', rule, {
  valid: [],
  invalid: [
    {
      name: 'required',
      code: "const { LRUCache } = require('lru-cache'); const options = { ttl: 5 }; const cache = new LRUCache(options);",
      errors: [{ messageId: 'ttlOnly' }],
    },
  ],
});
