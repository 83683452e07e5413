// Typical series as SVG: the memory over time, its limit, and below it when each rule alarmed.
import { init } from 'echarts';
import { healthyServices, leakingServices } from '@ebb/trend/simulate';
import type { Alarm } from './alarm.ts';
import { podSeries } from './real-pods.ts';
import type { Pod } from './real-pods.ts';
import { rulesOfToday } from './rules.ts';
import { playEbb, playRules } from './series.ts';
import type { BenchSeries } from './series.ts';
import { serviceSeries } from './services.ts';

const MB = 1048576;
const SERVICE = { warmupMs: 600_000 };
const [WIDTH, LEFT, RIGHT, CURVE_TOP, CURVE_HEIGHT, LANE_HEIGHT] = [960, 190, 30, 74, 240, 24];
const INK = { memory: '#1f6f8b', limit: '#b3261e', today: '#8a8d91', ebb: '#d9822b', leak: '#444' };

interface Plot {
  file: string;
  title: string;
  series: BenchSeries;
  lanes: Record<string, Alarm[]>;
}

/** The plots, each with the name of its file and its title. */
export function plotSeries(pods: readonly Pod[]): { file: string; title: string; svg: string }[] {
  return plots(pods).map((plot) => ({ file: `${plot.file}.svg`, title: plot.title, svg: draw(plot) }));
}

function plots(pods: readonly Pod[]): Plot[] {
  const pod = (service: string, day: string): Pod => {
    const found = pods.find(({ name }) => name.startsWith(day) && name.includes(service));
    if (found === undefined) throw new Error(`there is no pod ${service} on ${day}`);
    return found;
  };
  const plot = (file: string, title: string, series: BenchSeries, told: string, best: BenchSeries): Plot => {
    const { leak, native } = playEbb(best, SERVICE);
    const today = playRules(series, rulesOfToday);
    return {
      file,
      title,
      series,
      lanes: { ...today, 'Ebb, RSS alone': playEbb(series, SERVICE).leak, [told]: [...leak, ...native] },
    };
  };
  const ofPod = (file: string, title: string, which: Pod, share: number): Plot =>
    plot(file, title, podSeries(which, share, false), 'Ebb, as a floor', podSeries(which, share, true));
  const ofService = (file: string, title: string, leaks: boolean, kind: string, seed: number, share: number): Plot => {
    const drawOne = (leaks ? leakingServices : healthyServices)[kind];
    const [rss, agent] = (['rss', 'agent'] as const).map((told) => serviceSeries(kind, drawOne, seed, share, told));
    return plot(file, title, rss, 'Ebb, with its agent', agent);
  };
  const gateway = pod('ts-gateway-service', '2023-01-29');
  const payment = pod('ts-inside-payment-service', '2023-01-29');
  const cart = pod('cartservice', '2022-08-22');
  return [
    ofPod(
      'pod-healthy-growing',
      'A real pod that grows and does not leak: ts-gateway-service, every alarm is false',
      gateway,
      0,
    ),
    ofPod(
      'pod-healthy-steps',
      'A real pod that grows in steps and does not leak: ts-inside-payment-service',
      payment,
      0,
    ),
    ofPod('pod-leak-slow', 'A real pod (cartservice) with a leak of 0.1 % of its limit an hour', cart, 0.001),
    ofPod('pod-leak', 'A real pod (cartservice) with a leak of 1 % of its limit an hour', cart, 0.01),
    ofPod('pod-leak-fast', 'A real pod (cartservice) with a leak of 5 % of its limit an hour', cart, 0.05),
    ofService(
      'service-daily-cycle',
      'A simulated service with a day in its traffic: every alarm is false',
      false,
      'daily cycle',
      3,
      0,
    ),
    ofService(
      'service-given-back-late',
      'A simulated service that gives memory back late: every alarm is false',
      false,
      'memory is given back late',
      2,
      0,
    ),
    ofService(
      'service-leak-from-a-deploy',
      'A simulated service that leaks from a deploy on, 1 % of its limit an hour',
      true,
      'from a deploy on',
      4,
      0.01,
    ),
  ];
}

function draw({ title, series, lanes }: Plot): string {
  const startS = series.samples[0].point.timeS;
  const hours = (timeS: number): number => (timeS - startS) / 3600;
  const lastHour = hours(series.samples.at(-1)!.point.timeS);
  const names = Object.keys(lanes);
  const lanesTop = CURVE_TOP + CURVE_HEIGHT + 16;
  const lanesHeight = names.length * LANE_HEIGHT;
  const limitMB = series.samples[0].point.limitBytes / MB;
  const tick = { fontSize: 12, color: '#333' };
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: lanesTop + lanesHeight + 50 });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 16, top: 14, textStyle: { fontSize: 15, fontWeight: 600, color: '#222' } },
    grid: [
      { left: LEFT, right: RIGHT, top: CURVE_TOP, height: CURVE_HEIGHT },
      { left: LEFT, right: RIGHT, top: lanesTop, height: lanesHeight },
    ],
    xAxis: [
      { gridIndex: 0, type: 'value', min: 0, max: lastHour, axisLabel: { show: false }, splitLine: { show: false } },
      {
        gridIndex: 1,
        type: 'value',
        min: 0,
        max: lastHour,
        name: 'hours',
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: tick,
        axisLabel: { ...tick, formatter: (value: number) => (value === lastHour ? '' : String(value)) },
        splitLine: { lineStyle: { color: '#eee' } },
      },
    ],
    yAxis: [
      {
        gridIndex: 0,
        type: 'value',
        name: 'MB',
        nameTextStyle: tick,
        min: 0,
        max: Math.ceil((1.05 * limitMB) / 50) * 50,
        axisLabel: tick,
      },
      { gridIndex: 1, type: 'category', data: names, inverse: true, axisTick: { show: false }, axisLabel: tick },
    ],
    series: [
      {
        type: 'line',
        xAxisIndex: 0,
        yAxisIndex: 0,
        showSymbol: false,
        lineStyle: { width: 1.4, color: INK.memory },
        data: thinned(series).map(({ point }) => [hours(point.timeS), point.bytes / MB]),
        markLine: {
          symbol: 'none',
          silent: true,
          data: [
            {
              yAxis: limitMB,
              lineStyle: { color: INK.limit, type: 'dashed' },
              label: { formatter: 'limit', position: 'insideEndTop', color: INK.limit },
            },
            ...(series.leaksFromS === null || series.leaksFromS === startS
              ? []
              : [
                  {
                    xAxis: hours(series.leaksFromS),
                    lineStyle: { color: INK.leak, type: 'dotted' },
                    label: { formatter: 'leaks from here', position: 'insideEndTop', color: INK.leak },
                  },
                ]),
          ],
        },
      },
      {
        // Each alarm is a bar as long as it lasted; the first moment of each is drawn thicker.
        type: 'custom',
        xAxisIndex: 1,
        yAxisIndex: 1,
        renderItem: (_params: unknown, api: RenderApi) => {
          const lane = api.value(2);
          const [fromX, y] = api.coord([api.value(0), lane]);
          const [toX] = api.coord([api.value(1), lane]);
          const fill = names[lane].startsWith('Ebb') ? INK.ebb : INK.today;
          return {
            type: 'group',
            children: [
              {
                type: 'rect',
                shape: { x: fromX, y: y - 4, width: Math.max(1, toX - fromX), height: 8 },
                style: { fill, opacity: 0.45 },
              },
              { type: 'rect', shape: { x: fromX - 1.5, y: y - 9, width: 3, height: 18 }, style: { fill } },
            ],
          };
        },
        data: names.flatMap((name, lane) => lanes[name].map(({ fromS, toS }) => [hours(fromS), hours(toS), lane])),
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

interface RenderApi {
  value(dimension: number): number;
  coord(value: [number, number]): [number, number];
}

/** A point for each pixel or so: of each piece the lowest and the highest. */
function thinned({ samples }: BenchSeries): BenchSeries['samples'] {
  const size = Math.ceil(samples.length / (WIDTH - LEFT - RIGHT));
  if (size <= 2) return samples;
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, piece) => {
    const part = samples.slice(piece * size, (piece + 1) * size).toSorted((a, b) => a.point.bytes - b.point.bytes);
    return [part[0], part.at(-1)!].sort((a, b) => a.point.timeS - b.point.timeS);
  }).flat();
}
