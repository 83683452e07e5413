/** Random choices that come out the same for the same seed (mulberry32). Not for secrets. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number from 0 up to, but not including, 1. */
  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 up to, but not including, `end`. */
  upTo(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  /** One of the choices, of which there must be at least one. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.upTo(choices.length)];
  }

  /** `count` different ones of the choices, or all when there are fewer. */
  some<Choice>(choices: readonly Choice[], count: number): Choice[] {
    const rest = [...choices];
    const picked: Choice[] = [];
    while (picked.length < count && rest.length > 0) {
      picked.push(...rest.splice(this.upTo(rest.length), 1));
    }
    return picked;
  }
}
