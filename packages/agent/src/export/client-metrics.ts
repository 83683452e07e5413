/** Distinct clients as metrics. The sketch goes along as an exemplar: it is no part of the series, which stays the same. */
import type { Clients, RouteClients } from '../measure/clients.ts';
import type { Metric, NumberPoint } from './metric.ts';

/** The clients since the last export, if there were any. */
export function clientMetrics(clients: Clients): Metric[] {
  const points = clients.take(pointsOf);
  if (points.length === 0) return [];
  return [
    {
      kind: 'gauge',
      name: 'ebb.clients',
      unit: '{client}',
      description:
        'Distinct clients since the last export, by a sketch: all, and those that met a slow or failed answer.',
      points,
    },
  ];
}

function pointsOf({ route, all, affected }: RouteClients): NumberPoint[] {
  const attributes =
    route === undefined
      ? {}
      : {
          'http.request.method': route.method,
          ...(route.route === '404' ? {} : { 'http.route': route.route }),
        };
  return [
    { who: 'all', sketch: all },
    { who: 'affected', sketch: affected },
  ].flatMap(({ who, sketch }) =>
    sketch.isEmpty
      ? []
      : [
          {
            attributes: { ...attributes, 'ebb.clients': who },
            value: sketch.estimate,
            exemplar: { 'ebb.sketch': sketch.toText() },
          },
        ],
  );
}
