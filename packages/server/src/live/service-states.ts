import { fleetOf, type ServiceState } from '../judge/fleet.ts';
import { runningMs } from '../store/running.ts';
import type { FleetReader } from '../store/fleet-reader.ts';

/** Some services as they are now; those without a process that runs are left out. */
export async function serviceStates(
  fleet: FleetReader,
  serviceIds: readonly number[],
  nowMs: number,
): Promise<ServiceState[]> {
  const states: ServiceState[] = [];
  for (const serviceId of serviceIds) {
    const service = await fleet.service(serviceId);
    if (service === undefined) continue;
    states.push(...fleetOf([service], await fleet.judged({ sinceMs: nowMs - runningMs, serviceId })));
  }
  return states;
}
