/**
 * Foretells the route of a request that has just begun. A framework tells it when it answers; what answered before teaches
 * which paths belong to which route. Where a framework tells patterns, no path stands for itself: words of it may be
 * names of people.
 */
import { normalizePath } from './route-counts.ts';

const mostPaths = 500;
const mostPatterns = 100;

/** What is said where nobody knows. */
const unknown = '(a route that has not answered before)';

/** Learns from requests that have ended; bounded. */
export class LearnedRoutes {
  readonly #byPath = new Map<string, string>();
  readonly #patterns = new Map<string, string[]>();
  #answered = false;

  /** @param told whether somebody said it; else it is the path with its values taken out */
  learn(url: string, route: string, told: boolean): void {
    this.#answered = true;
    if (!told) return;
    if (this.#patterns.size < mostPatterns) this.#patterns.set(route, route.split('/'));
    if (this.#byPath.size < mostPaths) this.#byPath.set(normalizePath(url), route);
  }

  /** The route, as far as it is known. */
  guess(url: string): string {
    if (!this.#answered) return unknown;
    const path = normalizePath(url);
    if (this.#patterns.size === 0) return path;
    return this.#byPath.get(path) ?? this.#matching(path.split('/')) ?? unknown;
  }

  #matching(path: readonly string[]): string | undefined {
    for (const [route, parts] of this.#patterns) {
      if (parts.length === path.length && parts.every((part, at) => part === path[at] || /[:*{(]/.test(part)))
        return route;
    }
    return undefined;
  }
}
