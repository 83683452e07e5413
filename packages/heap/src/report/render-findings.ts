import type { FindingsReport } from '../finding/finding.ts';

/** How to print. */
export interface RenderOptions {
  color: boolean;
  /** Columns. */
  width: number;
}

/** The report as text. */
export function renderFindings(report: FindingsReport, options: RenderOptions): string {
  return report.findings.map((finding) => finding.title.slice(0, options.width)).join('\n');
}
