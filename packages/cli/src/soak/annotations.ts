import { bytes } from '../wording/quantities.ts';
import { leakOf, placeOf, rateText } from './place-of.ts';
import type { SoakReport } from './soak-report.ts';

/** Workflow commands of GitHub Actions: an error at the line of each route over its budget. */
export function annotations({ routes }: SoakReport): string[] {
  return routes
    .filter(({ overBudget }) => overBudget)
    .map((route) => {
      const finding = leakOf(route);
      const place = finding === undefined ? null : placeOf(finding);
      const at = place === null ? '' : `file=${property(place.repoPath ?? place.file)},line=${place.line},`;
      const text = `${route.route} leaks ${rateText(route, bytes)}. ${finding?.title ?? ''}`;
      return `::error ${at}title=${property(`Leak in ${route.route}`)}::${data(text)}`;
    });
}

/** As @actions/core escapes them. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
