/**
 * What a bet of one on growth is worth after a step of the series: `bet` is the step times a stake that was chosen before
 * the step was seen.
 *
 *     f(x) = exp(x − x²/2)         for x ≤ 0
 *     f(x) = 2 − exp(−x − x²/2)    for x > 0
 *
 * The bet is fair: when the step is symmetric about a centre at or below zero, whatever its size and its tails, the
 * expected worth is at most 1. Proof. f(x) + f(−x) = 2, so g = f − 1 is odd; and g rises, for x ≤ 0 since
 * f′ = (1 − x) exp(x − x²/2) > 0, for x > 0 by oddness. Let x = z − m with z symmetric about zero and m ≥ 0. As z and −z are
 * equally likely, 2 E g(z − m) = E[g(z − m) + g(−z − m)] = E[g(z − m) − g(z + m)] ≤ 0, because g rises. So E f ≤ 1. ∎
 *
 * For x ≤ 0 this is the factor exp(x − x²/2) that is known to be fair under symmetry (de la Peña, "A general class of
 * exponential inequalities for martingales and ratios", Annals of Probability 27 (1999), lemma 6.1), and for x > 0 it is more
 * than that: a step up may win up to ln 2, and a leap wins no less than a step; a fall costs by its square, so that one
 * fall of a sawtooth takes away what its many small rises won.
 */
export function worth(bet: number): number {
  return bet > 0 ? 2 - Math.exp(-bet * (1 + bet / 2)) : Math.exp(bet * (1 - bet / 2));
}
