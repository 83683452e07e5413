import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JsonLinesFile } from '../storage/json-lines.ts';
import type { Order } from './order.ts';

/** The orders on disk, one append-only file a customer. */
export class OrderLog {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Keeps orders of one customer. */
  async append(customerId: string, ...orders: readonly Order[]): Promise<void> {
    await this.fileOf(customerId).append(...orders);
  }

  /** A customer's latest orders, newest first. */
  async latestOf(customerId: string, count: number): Promise<Order[]> {
    return this.fileOf(customerId).readLast(count);
  }

  /** Every order of every customer; in order of time within a customer only. */
  async *readAll(): AsyncGenerator<Order> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.jsonl'));
    for (const name of names.sort()) {
      yield* new JsonLinesFile<Order>(join(this.folder, name)).read();
    }
  }

  private fileOf(customerId: string): JsonLinesFile<Order> {
    return new JsonLinesFile(join(this.folder, `${customerId}.jsonl`));
  }
}
