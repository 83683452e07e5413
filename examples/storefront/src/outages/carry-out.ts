/**
 * What `ebb respond` runs for an order of the server; the facts are in the environment (docs/guide/response.md).
 *
 *     ebb respond --service storefront -- node dist/outages/carry-out.js
 */
import { tellFleet, type FleetOrder } from './fleet-order.ts';
import { isRelease } from '../release.ts';

const { FLEET_SOCKET: socketPath, EBB_ACTION: action, EBB_VERSION: version, EBB_PID: pid } = process.env;
if (socketPath === undefined) throw new Error('FLEET_SOCKET names the socket of the fleet.');
const { ok, text } = await tellFleet(socketPath, orderOf());
console.log(text);
process.exitCode = ok ? 0 : 1;

function orderOf(): FleetOrder {
  if (action === 'restart') return { action: 'restart', pid: Number(pid) };
  if (version === undefined || !isRelease(version)) throw new Error(`There is no release ${String(version)}.`);
  return { action: 'deploy', version };
}
