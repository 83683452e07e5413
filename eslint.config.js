import ebb from '@ebb/eslint-plugin';
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What is a script or a test, as opposed to code that users install. */
const notShipped = [
  '**/*.test.ts',
  'test/**',
  'scripts/**',
  'bench/**',
  'packages/*/kernel/**',
  '*.config.{ts,js}',
  '.dependency-cruiser.mjs',
];

export default defineConfig(
  globalIgnores([
    '**/dist/',
    'packages/heap/kernel/scan.ts', // AssemblyScript
    '**/node_modules/',
    '**/build/',
    '**/fixtures/',
    '.cache/',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          './tsconfig.check.json',
          './packages/cli/src/html/script/tsconfig.json',
          './packages/server/src/pages/script/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers and booleans read well in a template; objects do not, and stay forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // An index may miss (noUncheckedIndexedAccess is off, for the typed arrays' sake): to check for it is right.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // An interface may ask for a promise where an implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // TypeScript finds names that are not defined, in scripts too (checkJs).
      'no-undef': 'off',
      // Control characters are what has to be taken out of other programs' output.
      'no-control-regex': 'off',
      // Environment variables are taken away with delete.
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    files: ['packages/*/src/**'],
    ignores: notShipped,
    // A file of four hundred lines is two things: see CONTRIBUTING.md.
    rules: { 'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }] },
  },
  {
    // What users are told, holds for Ebb itself.
    ...ebb.configs.recommended,
    files: ['packages/*/src/**'],
    ignores: [...notShipped, '**/fixtures/**'],
  },
  {
    files: notShipped,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs,cts}'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  prettier,
);
