/** What an attempt needs beside the message. */
export interface Sending {
  url: string;
  secret: string | null;
  /** Texts that no answer and no log may hold. */
  secrets: readonly string[];
  timeoutMs: number;
  now: () => number;
}
