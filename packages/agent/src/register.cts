// `node --import @ebb/agent/register app.js`: the agent in a program by itself, before the program's own code.
const prepare = require('./prepare.cjs') as (alone: boolean) => void;

try {
  Reflect.deleteProperty(require.cache, __filename);
  prepare(true);
} catch {
  // Whatever it was, the program comes first.
}
