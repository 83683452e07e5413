import { Router, type RequestHandler } from 'express';
import { accountOf, requireLogin } from '../session/session-cookie.ts';
import type { CustomerRecords } from './customer-records.ts';
import type { Customer, Profile } from './customer.ts';

/** Lets a customer see `/users/:id` only when it is their own; staff see everybody's. */
export const ownRecordsOnly: RequestHandler = (request, response, next) => {
  const account = accountOf(response);
  if (account?.role === 'staff' || account?.customerId === request.params['id']) {
    next();
  } else {
    response.status(403).json({ error: 'These are not your records.' });
  }
};

/** `GET /users/:id`. */
export function customerRoutes(customers: CustomerRecords): Router {
  const router = Router();
  router.get('/users/:id', requireLogin, ownRecordsOnly, async (request, response) => {
    const customer = await customers.findById(String(request.params['id']));
    if (customer === undefined) {
      response.status(404).json({ error: 'There is no such customer.' });
      return;
    }
    response.json(profileOf(customer));
  });
  return router;
}

function profileOf(customer: Customer): Profile {
  const { id, email, name, region, role, addresses, preferences } = customer;
  return { id, email, name, region, role, addresses, preferences };
}
