/** What a cache of recent answers needs to know. */
export interface RecentAnswersOptions {
  /** The most answers that are kept. */
  readonly most: number;
  /** How long an answer stays good. */
  readonly freshMs: number;
  readonly now: () => number;
}

/** Keeps the latest answers to questions that cost something; the least recently asked goes first. */
export class RecentAnswers<Answer> {
  private readonly answers = new Map<string, { readonly answer: Answer; readonly atMs: number }>();
  private readonly options: RecentAnswersOptions;

  constructor(options: RecentAnswersOptions) {
    this.options = options;
  }

  /** How many answers are held. */
  get size(): number {
    return this.answers.size;
  }

  /** The answer that is at hand and fresh, or the computed one. */
  get(question: string, compute: () => Answer): Answer {
    const nowMs = this.options.now();
    const known = this.answers.get(question);
    this.answers.delete(question);
    const isFresh = known !== undefined && nowMs - known.atMs <= this.options.freshMs;
    const entry = isFresh ? known : { answer: compute(), atMs: nowMs };
    this.answers.set(question, entry);
    for (const oldest of this.answers.keys()) {
      if (this.answers.size <= this.options.most) break;
      this.answers.delete(oldest);
    }
    return entry.answer;
  }
}
