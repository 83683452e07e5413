// The processes, in a process of their own: sends what agents send, by HTTP over sockets of its own (Node's client would
// cost more than the server). Told what to do by its parent, one order at a time.
import { connect, type Socket } from 'node:net';
import { ReportMaker, type catchExport, type Told } from './agent-report.ts';

/** Whom to send to, and as whom. */
export interface SenderSetup {
  kind: 'setup';
  caught: Awaited<ReturnType<typeof catchExport>>;
  port: number;
  token: string;
  processes: number;
  services: number;
  /** Connections that are open at once, from different addresses of the loopback. */
  connections: number;
  /** Whether each report comes over a connection of its own, as when the server keeps none for a minute. */
  fresh: boolean;
}
/** Sends one report of every process, as fast as the answers come. */
export interface PlayMinute {
  kind: 'play';
  timeMs: number;
}
/** Sends reports for so many seconds, evenly, as many a minute as there are processes, whether or not answers come. */
export interface KeepPace {
  kind: 'pace';
  seconds: number;
}
/** What came of an order. */
export interface Sent {
  sent: number;
  /** Answers by status; 0 stands for a connection that broke. */
  statuses: Record<string, number>;
  /** From when a report was due until it was answered. */
  latencyMs: { p50: number; p99: number; most: number };
  seconds: number;
  /** CPU seconds of this process. */
  cpuSeconds: number;
}

/** So many addresses 127.0.0.2 and on: a port of its own for each connection, and limits by address as with many hosts. */
const connectionsAnAddress = 1000;

let setup: SenderSetup;
let maker: ReportMaker;
let connections: Connection[] = [];

process.on('message', (order: SenderSetup | PlayMinute | KeepPace) => {
  void obey(order).then((told) => process.send?.(told));
});

async function obey(order: SenderSetup | PlayMinute | KeepPace): Promise<Sent | 'ready'> {
  if (order.kind === 'setup') {
    setup = order;
    maker = new ReportMaker(order.caught);
    connections = Array.from({ length: order.connections }, (_, i) => new Connection(i));
    return 'ready';
  }
  const tally = new Tally();
  if (order.kind === 'play') await play(order.timeMs, tally);
  else await keepPace(order.seconds, tally);
  return tally.told();
}

function toldBy(number: number, timeMs: number): Told {
  const service = number % setup.services;
  const minute = Math.floor(timeMs / 60_000);
  return {
    service: `service-${service}`,
    version: number % 10 === 0 ? '1.1.0' : '1.0.0',
    instance: `service-${service}-7d9f8b6c5-${number.toString(36).padStart(5, '0')}`,
    rssBytes: 1e8 + ((number * 7919 + minute * 104_729) % 1e7),
    floorBytes: 4e7 + ((number * 31 + minute * 17) % 1e5),
    requests: minute * 600,
    verdict: 'clean',
  };
}

async function play(timeMs: number, tally: Tally): Promise<void> {
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (next < setup.processes) {
        const number = next++;
        const dueMs = performance.now();
        tally.add(await connection.send(maker.body(toldBy(number, timeMs), timeMs)), dueMs);
      }
    }),
  );
}

async function keepPace(seconds: number, tally: Tally): Promise<void> {
  const aSecond = setup.processes / 60;
  const total = Math.round(aSecond * seconds);
  const beganMs = performance.now();
  const under: Promise<void>[] = [];
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) / 1000) * aSecond) + 1);
    // Whole seconds: what is the same in all reports is packed anew for each moment.
    const timeMs = Math.floor(Date.now() / 1000) * 1000;
    for (; sent < due; sent++) {
      const number = sent % setup.processes;
      const dueMs = beganMs + (sent / aSecond) * 1000;
      const body = maker.body(toldBy(number, timeMs), timeMs);
      const connection = connections[number % connections.length];
      under.push(connection.queue(body).then((status) => tally.add(status, dueMs)));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(under);
}

class Tally {
  readonly #latenciesMs: number[] = [];
  readonly #statuses: Record<string, number> = {};
  readonly #beganMs: number = performance.now();
  readonly #cpu = process.cpuUsage();

  add(status: number, dueMs: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    this.#latenciesMs.push(performance.now() - dueMs);
  }

  told(): Sent {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      sent: sorted.length,
      statuses: this.#statuses,
      latencyMs: { p50: at(0.5), p99: at(0.99), most: at(1) },
      seconds: (performance.now() - this.#beganMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  }
}

/** A connection that is kept open, with one request at a time. */
class Connection {
  readonly #localAddress: string;
  #socket: Socket | null = null;
  #answer = '';
  #settle: (status: number) => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(number: number) {
    this.#localAddress = `127.0.0.${2 + Math.floor(number / connectionsAnAddress)}`;
  }

  /** Sends when what was sent before is answered. */
  async queue(body: Buffer): Promise<number> {
    const answered = this.#last.then(async () => await this.send(body));
    this.#last = answered;
    return await answered;
  }

  /** Resolves with the answer's status; 0 when the connection breaks. */
  async send(body: Buffer): Promise<number> {
    this.#socket ??= this.#open();
    const kept = setup.fresh ? 'close' : 'keep-alive';
    const head = `POST /v1/metrics HTTP/1.1\r\nhost: 127.0.0.1:${setup.port}\r\nauthorization: Bearer ${setup.token}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\nuser-agent: ebb-agent\r\nconnection: ${kept}\r\n\r\n`;
    const socket = this.#socket;
    return await new Promise<number>((resolve) => {
      this.#settle = resolve;
      socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    });
  }

  #open(): Socket {
    const socket = connect({ port: setup.port, host: '127.0.0.1', localAddress: this.#localAddress, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#answer += text;
      const end = this.#answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const bytes = Number(/\r\ncontent-length: (\d+)/i.exec(this.#answer)?.[1] ?? 0);
      if (this.#answer.length < end + 4 + bytes) return;
      const status = Number(this.#answer.slice(9, 12));
      this.#answer = '';
      if (setup.fresh) this.#socket = null;
      this.#settle(status);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#answer = '';
      this.#settle(0);
    });
    return socket;
  }
}
