import { commonjs, javascript } from '../fixtures/rule-tester.ts';
import { noMemorySessionStore } from './no-memory-session-store.ts';

const rule = noMemorySessionStore as never;

javascript.run('no-memory-session-store', rule, {
  valid: [
    {
      name: 'with a store',
      code: "import session from 'express-session'; app.use(session({ secret, store: new RedisStore({ client }) }));",
    },
    { name: 'options that cannot be seen', code: "import session from 'express-session'; app.use(session(options));" },
    {
      name: 'a part of them that cannot be seen',
      code: "import session from 'express-session'; app.use(session({ secret, ...production }));",
    },
    {
      name: 'a store that is set later',
      code: "import session from 'express-session'; const options = { secret }; if (redis) options.store = redis; app.use(session(options));",
    },
    { name: 'another module', code: "import session from 'cookie-session'; app.use(session({ secret }));" },
    {
      name: 'a plugin with a store',
      code: "import session from '@fastify/session'; app.register(session, { secret, store });",
    },
  ],
  invalid: [
    {
      name: 'without a store',
      code: "import session from 'express-session'; app.use(session({ secret, resave: false }));",
      errors: [{ messageId: 'defaultStore' }],
    },
    {
      name: 'options of the file',
      code: "import session from 'express-session'; const options = { secret }; app.use(session(options));",
      errors: [{ messageId: 'defaultStore' }],
    },
    {
      name: 'a plugin without a store',
      code: "import session from '@fastify/session'; app.register(session, { secret });",
      errors: [{ messageId: 'defaultStore' }],
    },
    {
      name: 'the store for development',
      code: "import session from 'express-session'; const store = new session.MemoryStore(); app.use(session({ store }));",
      errors: [{ messageId: 'memoryStore' }],
    },
  ],
});

commonjs.run('no-memory-session-store, CommonJS', rule, {
  valid: [],
  invalid: [
    {
      name: 'required',
      code: "const session = require('express-session'); app.use(session({ secret: 's' }));",
      errors: [{ messageId: 'defaultStore' }],
    },
    {
      name: 'required where it is used',
      code: "app.use(require('express-session')({ secret: 's' }));",
      errors: [{ messageId: 'defaultStore' }],
    },
    {
      name: 'as TypeScript compiles it',
      code: "const express_session_1 = __importDefault(require('express-session')); app.use((0, express_session_1.default)({ secret: 's' }));",
      errors: [{ messageId: 'defaultStore' }],
    },
  ],
});
