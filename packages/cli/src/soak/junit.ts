import { bytes } from '../wording/quantities.ts';
import { leakOf, placeOf, rateText } from './place-of.ts';
import type { SoakReport } from './soak-report.ts';

/** JUnit's XML as CI systems read it (the schema of the Jenkins xUnit plugin): one test case a route. */
export function junitXml({ routes, failures }: SoakReport): string {
  const failed = routes.filter(({ overBudget }) => overBudget).length;
  const seconds = routes.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000;
  const cases = [
    ...routes.map((route) => {
      const head = `    <testcase classname="ebb soak" name="${xml(route.route)}" time="${(route.tookMs / 1000).toFixed(3)}"`;
      if (!route.overBudget) return `${head}/>`;
      const finding = leakOf(route);
      const place = finding === undefined ? null : placeOf(finding);
      const where = place === null ? '' : `\n${place.repoPath ?? place.file}:${place.line}`;
      const text = `${finding?.title ?? ''}${where}\nfingerprint ${finding?.fingerprint ?? ''}`;
      return `${head}>\n      <failure type="leak" message="leaks ${xml(rateText(route, bytes))}">${xml(text)}</failure>\n    </testcase>`;
    }),
    ...failures.map(
      ({ route, code, message }) =>
        `    <testcase classname="ebb soak" name="${xml(route)}">\n      <error type="${xml(code)}" message="${xml(message)}"/>\n    </testcase>`,
    ),
  ];
  const counts = `tests="${routes.length + failures.length}" failures="${failed}" errors="${failures.length}" time="${seconds.toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="ebb soak" ${counts}>\n${cases.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or an attribute; characters that XML 1.0 has no way to say are left out. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/\n/g, '&#10;');
}
