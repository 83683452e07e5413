/**
 * A report as JSON that says when it was made (`madeMs`, milliseconds since 1970): whoever takes it as a proof, as an action
 * item of the server does, has to know that it is no old one.
 */
export function timedDocument(report: object): string {
  return `${JSON.stringify({ ...report, madeMs: Date.now() }, null, 2)}\n`;
}
