import { categoryNames, products } from '../catalogue/catalogue.ts';
import type { Dice } from '../storage/dice.ts';
import { sampleCustomerId, sampleCustomers, sampleEmail, samplePassword } from '../storage/sample-data.ts';

/** One request of a visit. */
export interface Step {
  /** As the report of the load names it. */
  readonly route: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** The most steps that a visit has. */
export const mostSteps = 9;

/**
 * One visit of an ordinary customer: logs in, looks at the dashboard a few times, reads their own data,
 * perhaps buys something, perhaps logs out. Most people just leave.
 */
export function planVisit(dice: Dice): Step[] {
  const index = dice.upTo(sampleCustomers);
  const id = sampleCustomerId(index);
  const steps: Step[] = [
    {
      route: 'POST /login',
      method: 'POST',
      path: '/login',
      body: { email: sampleEmail(index), password: samplePassword },
    },
    lookAtDashboard(dice),
  ];
  if (dice.fraction() < 0.5) steps.push(lookAtDashboard(dice));
  if (dice.fraction() < 0.4) {
    steps.push({ route: 'GET /users/:id', method: 'GET', path: `/users/${id}` });
  }
  if (dice.fraction() < 0.6) {
    steps.push({ route: 'GET /users/:id/orders', method: 'GET', path: `/users/${id}/orders` });
  }
  if (dice.fraction() < 0.15) {
    const body = { sku: dice.pick(products).sku, quantity: 1 };
    steps.push({ route: 'POST /cart', method: 'POST', path: '/cart', body });
    if (dice.fraction() < 0.3) {
      steps.push({ route: 'POST /users/:id/orders', method: 'POST', path: `/users/${id}/orders` });
    }
    steps.push(lookAtDashboard(dice));
  }
  if (dice.fraction() < 0.3) steps.push({ route: 'POST /logout', method: 'POST', path: '/logout' });
  return steps;
}

function lookAtDashboard(dice: Dice): Step {
  const category = dice.fraction() < 0.3 ? `&category=${dice.pick(categoryNames)}` : '';
  const path = `/dashboard?days=${String(dice.pick([1, 7, 7, 7, 14, 30]))}${category}`;
  return { route: 'GET /dashboard', method: 'GET', path };
}
