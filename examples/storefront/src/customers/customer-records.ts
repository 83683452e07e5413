import { open, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import type { Customer } from './customer.ts';

interface RecordPlace {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The customers. The records stay on disk; memory holds where each one stands, which grows with the
 * customers and not with the traffic.
 */
export class CustomerRecords {
  private readonly file: FileHandle;
  private readonly placesById = new Map<string, RecordPlace>();
  private readonly idsByEmail = new Map<string, string>();

  private constructor(file: FileHandle) {
    this.file = file;
  }

  /** Opens the file and reads it once to find every record. */
  static async open(path: string): Promise<CustomerRecords> {
    const records = new CustomerRecords(await open(path, 'r'));
    await records.index(path);
    return records;
  }

  /** Closes the file. */
  async stop(): Promise<void> {
    await this.file.close();
  }

  /** How many customers there are. */
  get size(): number {
    return this.placesById.size;
  }

  /** The customer with this id, read afresh. */
  async findById(id: string): Promise<Customer | undefined> {
    const place = this.placesById.get(id);
    if (place === undefined) return undefined;
    const buffer = Buffer.alloc(place.bytes);
    await this.file.read(buffer, 0, place.bytes, place.offset);
    return JSON.parse(buffer.toString('utf8')) as Customer;
  }

  /** The customer with this e-mail address, read afresh. */
  async findByEmail(email: string): Promise<Customer | undefined> {
    const id = this.idsByEmail.get(email.toLowerCase());
    return id === undefined ? undefined : this.findById(id);
  }

  private async index(path: string): Promise<void> {
    let offset = 0;
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(path)) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        const { id, email } = JSON.parse(rest.toString('utf8', 0, end)) as Customer;
        this.placesById.set(id, { offset, bytes: end });
        this.idsByEmail.set(email.toLowerCase(), id);
        offset += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
  }
}
