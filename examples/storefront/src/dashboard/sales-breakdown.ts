import { RecentAnswers } from '../orders/recent-answers.ts';
import type { CubeCell, SalesCube } from '../orders/sales-cube.ts';
import { firstDayOf, type FiguresQuery } from './figures.ts';

const mostAnswers = 200;
const freshMs = 5000;

/** Answers how the sales spread over the categories; what was asked lately is kept for seconds. */
export class SalesBreakdown {
  private readonly cube: SalesCube;
  private readonly recent: RecentAnswers<Record<string, CubeCell>>;
  private readonly now: () => number;

  constructor(cube: SalesCube, now: () => number) {
    this.cube = cube;
    this.now = now;
    this.recent = new RecentAnswers({ most: mostAnswers, freshMs, now });
  }

  /** How many answers are kept at the moment. */
  get keptAnswers(): number {
    return this.recent.size;
  }

  /** The sales of each category in the days that the query asks for. */
  answer(query: FiguresQuery): Record<string, CubeCell> {
    const firstDay = firstDayOf(query, this.now());
    const question = `${firstDay}/${query.category ?? '*'}`;
    return this.recent.get(question, () => this.cube.revenueByCategory(firstDay, query.category));
  }
}
