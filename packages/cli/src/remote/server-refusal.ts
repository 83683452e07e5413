/** What a server says when it does not do what it was asked: code, reason, and what to do next, as it sent them. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  /** `EBB_SERVER_…` */
  readonly code: string;
  readonly next: string;
  readonly status: number;
  /** 2: what was asked is wrong; 3: the server could not. */
  readonly exitCode: 2 | 3;

  private constructor(status: number, told: { code: string; message: string; next: string }) {
    super(told.message);
    this.code = told.code;
    this.next = told.next;
    this.status = status;
    this.exitCode = status >= 500 ? 3 : 2;
  }

  /** The refusal that an answer tells; undefined where it is none of an Ebb server. */
  static of(status: number, text: string): ServerRefusal | undefined {
    try {
      const { code, message, next } = JSON.parse(text) as Record<string, unknown>;
      if (typeof code !== 'string' || !/^EBB_[A-Z_]+$/u.test(code)) return undefined;
      if (typeof message !== 'string' || typeof next !== 'string') return undefined;
      return new ServerRefusal(status, { code, message, next });
    } catch {
      return undefined;
    }
  }
}
