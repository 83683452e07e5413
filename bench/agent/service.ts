// A service of the bench in a process of its own, and what it costs: the CPU time of all its threads, from outside.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The environment of a service with an agent that exports six times as often as by default, so that each round has its share. */
export function environment(receiver: string, records: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    EBB_RECORD_DIR: records,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    // As every receiver wants one; by it the agent counts distinct clients, which is part of what a request costs.
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20bench',
    OTEL_METRIC_EXPORT_INTERVAL: '10000',
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_SERVICE_NAME: 'bench',
  };
}

export class Service {
  readonly child: ChildProcess;
  port = 0;

  constructor(command: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.child.once('exit', (code, signal) => {
      if (code !== 0 && signal !== 'SIGTERM')
        throw new Error(`${command.join(' ')}: the service ended with ${String(code ?? signal)}`);
    });
  }

  /** Until it says where it listens. */
  async listening(): Promise<void> {
    for await (const line of createInterface({ input: this.child.stdout! })) {
      const port = /(?:127\.0\.0\.1|port\D*):? ?(\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      this.port = Number(port);
      break;
    }
    this.child.stdout!.resume();
  }

  /** Has `fixtures/switched.cjs` start or stop the agent. */
  async switchAgent(isOn: boolean): Promise<void> {
    const answered = once(this.child, 'message');
    this.child.send(isOn);
    const [answer] = (await answered) as [boolean];
    if (answer !== isOn) throw new Error(`the agent is ${answer ? 'on' : 'off'}`);
  }

  /** In nanoseconds on a CPU, of all threads that live (proc(5), `schedstat`): finer than the ticks in `stat`. */
  cpuMicroseconds(): number {
    const tasks = `/proc/${String(this.child.pid)}/task`;
    let nanoseconds = 0;
    for (const task of readdirSync(tasks)) {
      nanoseconds += Number(readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds / 1e3;
  }

  rssBytes(): number {
    const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await ended;
  }
}
