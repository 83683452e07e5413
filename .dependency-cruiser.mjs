/**
 * The layer check: which package may import which. Run by `npm test`; held by test/layers.test.ts, which lets it
 * judge a small tree that breaks the rules and expects every violation to be found.
 *
 * The table is read downwards: a package may import only what stands beside it, and nothing points back up.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const mayImport = {
  heap: [],
  trend: [],
  capture: [],
  agent: ['trend', 'capture'],
  testing: ['heap', 'trend', 'capture'],
  'eslint-plugin': [],
  server: ['heap', 'trend'],
  cli: ['heap', 'trend', 'capture', 'agent', 'testing', 'eslint-plugin', 'server'],
};

/** These carry no npm dependencies but Ebb's own: they run in other people's production. */
const withoutNpmDependencies = ['heap', 'trend', 'capture', 'agent'];

const tests = '[.]test[.]ts$';
const packageNames = Object.keys(mayImport).join('|');

/** The index that a package's exports name: its own, or that of one folder that it offers beside it. */
const indexes = ['^packages/[^/]+/dist/index[.](js|d[.]ts)$', '^packages/[^/]+/dist/[^/]+/index[.](js|d[.]ts)$'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(mayImport).map(([name, allowed]) => ({
      name: `${name}-imports-only-${allowed.length === 0 ? 'itself' : allowed.join('-')}`,
      comment: `packages/${name} may import ${allowed.join(', ') || 'no other package'}: see the table in .dependency-cruiser.mjs.`,
      severity: /** @type {const} */ ('error'),
      from: { path: `^packages/${name}/` },
      to: { path: '^(packages|examples|test|bench|scripts)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
    })),
    {
      name: 'package-stands-in-the-table',
      comment: 'A new package needs a line in the table of .dependency-cruiser.mjs: say what it may import.',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${packageNames})/` },
      to: {},
    },
    {
      name: 'packages-are-entered-by-their-index',
      comment: 'Import a package by its name; what its index does not export is its own business.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: ['^packages/$1/', ...indexes],
      },
    },
    {
      name: 'outsiders-enter-packages-by-their-index',
      comment:
        "Examples, tests and benches use what users can use: the published names. A test may run a package's test programs.",
      severity: 'error',
      from: { path: '^(examples|test|bench|scripts)/', pathNot: '/fixtures/' },
      to: { path: '^packages/', pathNot: [...indexes, '^packages/[^/]+/src/fixtures/'] },
    },
    {
      name: 'only-the-audit-knows-names',
      comment:
        'What Ebb detects, it detects without a list of names: nothing but `ebb audit` reads the versions known to leak.',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/cli/src/(audit/|commands/audit[.])' },
      to: { path: '^packages/cli/(src/audit/|data/)' },
    },
    {
      name: 'no-circular',
      comment: 'Two files that need each other, even for a type, are one thing or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-npm-dependencies',
      comment: `${withoutNpmDependencies.join(', ')} bring no npm package into their users' processes but Ebb's own.`,
      severity: 'error',
      from: { path: `^packages/(${withoutNpmDependencies.join('|')})/`, pathNot: tests },
      to: { path: '(^|/)node_modules/' },
    },
    {
      name: 'shipped-code-imports-no-tests',
      comment: 'Tests and fixtures are not published.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [tests, '/fixtures/'] },
      to: { path: [tests, '/fixtures/'] },
    },
    {
      name: 'every-import-resolves',
      comment: 'An import that cannot be resolved cannot be judged either. Is the project built (npm run build)?',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // doNotFollow and not exclude: an import of another package resolves to its dist/, and an excluded file would take
    // the violation with it. (Fixtures are programs that are handed to a child process, not parts of Ebb.)
    doNotFollow: { path: ['(^|/)node_modules/', '(^|/)dist/', '/fixtures/'] },
    // Imports of types alone are imports, too.
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.cts', '.mts', '.js', '.cjs', '.mjs', '.json', '.node', '.d.ts'],
    },
  },
};
