// The file that a program watched by `ebb watch` loads with `--require`, before its own code. It does nothing where
// nobody listens.
const prepare = require('./prepare.cjs') as (alone: boolean) => void;

try {
  Reflect.deleteProperty(require.cache, __filename);
  prepare(false);
} catch {
  // Whatever it was, the program comes first.
}
