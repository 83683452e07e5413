import fc from 'fast-check';
import ignore from 'ignore';
import { expect, test } from 'vitest';
import { ownersOf, parseCodeowners } from './codeowners.ts';

const owners = (text: string, path: string): string => ownersOf(parseCodeowners(text).rules, path).join(' ');

// GitHub's own example, line by line.
const example = `
# These owners will be the default owners for everything in the repo.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
`;

test.each([
  ['README.md', '@global-owner1 @global-owner2'],
  ['src/deep/a.js', '@js-owner'],
  ['main.go', 'docs@example.com'],
  ['notes/a.txt', '@octo-org/octocats'],
  ['build/logs/x/y.log', '@octocat'],
  ['other/build/logs.md', '@global-owner1 @global-owner2'],
  ['deep/logs/a', '@octocat'],
  ['docs/getting-started.md', '@doctocat'],
  ['deep/apps/x.txt', '@octocat'],
  ['scripts/run.sh', '@doctocat @octocat'],
  ['apps/web/a.rb', '@octocat'],
  ['apps/github/a.rb', ''],
])("in GitHub's example %s is owned by '%s'", (path, expected) => {
  expect(owners(example, path)).toBe(expected);
});

test.each([
  ['docs/*', 'docs/a.md', true],
  ['docs/*', 'docs/build-app/troubleshooting.md', false],
  ['docs/**', 'docs/build-app/troubleshooting.md', true],
  ['docs/**', 'docs', false],
  ['**/*', 'a/b/c', true],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/b/a.ts', false],
  ['src/a', 'lib/src/a', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b/file', true],
  ['session-store.ts', 'packages/web/session-store.ts', true],
  ['logs/', 'logs', false],
  ['with\\ space/', 'with space/a', true],
  ['\\#file', '#file', true],
  ['a?c', 'abc', true],
  ['/', 'a', false],
])('%s matches %s: %s', (pattern, path, matches) => {
  expect(owners(`${pattern} @x`, path)).toBe(matches ? '@x' : '');
});

test('what GitHub does not take is told by line, and left out', () => {
  const { rules, problems } = parseCodeowners('* @a\n!src/ @b\n[ab].ts @c\nsrc/ somebody\n\n# nothing\nlib/ @d/e\n');
  expect(rules.map(({ line }) => line)).toEqual([1, 7]);
  expect(problems).toEqual([
    { line: 2, message: "'!src/': GitHub takes no negation" },
    { line: 3, message: "'[ab].ts': GitHub takes no ranges" },
    { line: 4, message: "'somebody' is no @user, @org/team or address" },
  ]);
});

test('patterns match as in .gitignore, but for a star at the end', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'a.ts', 'c');
  const segment = fc.constantFrom('a', 'b', 'a*', '*.ts', '?', '**', 'c');
  const pattern = fc
    .tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([rooted, segments, folder]) => `${rooted ? '/' : ''}${segments.join('/')}${folder ? '/' : ''}`)
    // Two in a row are one; what one alone with a slash means, implementations differ on.
    .filter((text) => !text.includes('**/**') && !/^\/?\*\*\/?$/.test(text) && !text.endsWith('**/'));
  fc.assert(
    fc.property(pattern, fc.array(name, { minLength: 1, maxLength: 5 }), (text, path) => {
      expect([text, path, owners(`${text} @x`, path.join('/')) === '@x']).toEqual([
        text,
        path,
        ignore().add(text).ignores(path.join('/')),
      ]);
    }),
    { numRuns: 3000 },
  );
});

test('no pattern takes long, however many stars it has', () => {
  const text = `${'**/*a*/'.repeat(40)}${'*a'.repeat(200)}b @x`;
  expect(owners(text, `${'aaaaaaaaaaaaaaaaaaaa/'.repeat(100)}${'a'.repeat(1000)}`)).toBe('');
});
