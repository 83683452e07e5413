import type { Log, Run } from 'sarif';

/** A log of one run, in SARIF 2.1.0 (OASIS), as code scanning takes it. */
export function sarifLog(run: Run): Log {
  return { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
}
