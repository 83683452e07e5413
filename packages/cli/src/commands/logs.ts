import { Command, InvalidArgumentError, Option } from 'commander';

/** `ebb logs FILE…`: memory errors in any service's logs, on one timeline. */
export function logsCommand(finish: (exitCode: number) => void): Command {
  return new Command('logs')
    .summary('find memory errors in the logs of any service, on one timeline')
    .description(
      'Reads logs and tells every memory error in them in the order of time: V8 and Node.js, native code, the kernel,\n' +
        'systemd, Docker, Kubernetes; plain lines, or lines of JSON. Nothing of a log but what was recognised is told.\n' +
        "A FILE may also be what the agent's recorder has left of a process: its end is told, and its last minutes.",
    )
    .argument('<FILE...>', 'logs, plain or gzip, or records (….ebb); - is standard input')
    .addOption(
      new Option('--zone <OFFSET>', 'the zone of stamps that name none, like +02:00').default(0, 'UTC').argParser(zone),
    )
    .option('--json', 'print the timeline as one JSON document (ebb.logs/1)')
    .addHelpText(
      'after',
      `
Exit codes: 0 no memory error; 1 there are some; 2 a log cannot be read; 3 Ebb could not finish.

Examples:
  ebb logs /var/log/syslog app.log.1.gz app.log
  journalctl -k -o short-iso | ebb logs -
  kubectl logs web-0 --previous --timestamps | ebb logs -
  ebb logs /tmp/ebb-records-*/*.ebb app.log
  docker events --since 24h --until 0s --format '{{json .}}' | ebb logs -`,
    )
    .action(async (files: string[], flags: { zone: number; json?: boolean }) => {
      const { readLog } = await import('../logs/log-reader.ts');
      const { Timeline } = await import('../logs/timeline.ts');
      const { renderTimeline, wordsOf } = await import('../logs/render.ts');
      const { endEvent, readProcessRecord, renderProcessRecord } = await import('../logs/process-record.ts');
      const timeline = new Timeline();
      const logs = [];
      const records = [];
      for (const file of files) {
        const record = readProcessRecord(file);
        if (record !== null) {
          records.push(record);
          const event = endEvent(record);
          if (event !== null) timeline.add(event);
          continue;
        }
        logs.push(
          await readLog(file, { zoneMinutes: flags.zone, now: Date.now(), onEvent: (event) => timeline.add(event) }),
        );
      }
      const found = timeline.sorted();
      if (flags.json === true) {
        const events = found.events.map(({ timeMs, ...event }) => ({
          time: timeMs === null ? null : new Date(timeMs).toISOString(),
          ...event,
        }));
        const document = {
          format: 'ebb.logs/1',
          logs,
          records,
          events,
          omitted: found.omitted,
          kinds: wordsOf(found.events),
        };
        process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      } else {
        const width = process.stdout.isTTY ? Math.max(60, process.stdout.columns) : 120;
        if (logs.length > 0 || found.events.length > 0) process.stdout.write(`${renderTimeline(found, logs, width)}\n`);
        for (const record of records) process.stdout.write(`\n${renderProcessRecord(record, width)}\n`);
      }
      finish(found.events.length === 0 ? 0 : 1);
    });
}

function zone(value: string): number {
  if (value === 'Z' || value === 'UTC') return 0;
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(value);
  if (match === null) throw new InvalidArgumentError('It is an offset from UTC, like +02:00.');
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}
