/**
 * How many live objects there are of each class, by the inspector of the same thread: what can be had where no snapshot
 * can be written. It tells what piles up, and neither who keeps it nor how large it is.
 */
import { getHeapStatistics } from 'node:v8';
import { megabytes } from '../disk-room.ts';
import { CaptureError } from '../error.ts';
import { monotonicMs } from '../monotonic.ts';
import { measureChildRoom, roomWithoutChild, type ChildRoom } from '../fork/room-for-child.ts';
import { openSession, post } from './own-inspector.ts';

/** How many objects of one class are alive. */
export interface ClassCount {
  /** The name of the constructor; empty where there is none to be had. Two classes of one name are one. */
  name: string;
  count: number;
}

/** The live objects of a thread by class, all that inherit from `Object.prototype`: no strings, no numbers. */
export interface ClassCounts {
  /** The most numerous first. */
  classes: ClassCount[];
  /** Objects of all other classes together. */
  otherCount: number;
  /** How long the thread stood still. */
  pauseMs: number;
}

/** What is kept: a program has hundreds of classes of which there are a few objects each. */
const mostClasses = 100;
const longestName = 80;

/**
 * Runs in the program, over an array of all its objects. It asks for no property that could be a getter, so that no code
 * of the program runs, and reads no value of any object.
 */
const countByClass = `function (mostClasses, longestName) {
  const own = Reflect.getOwnPropertyDescriptor;
  const byPrototype = new Map();
  for (let i = 0; i < this.length; i++) {
    const prototype = Reflect.getPrototypeOf(this[i]);
    byPrototype.set(prototype, (byPrototype.get(prototype) ?? 0) + 1);
  }
  const byName = new Map();
  for (const [prototype, count] of byPrototype) {
    let name;
    try { name = own(own(prototype, 'constructor').value, 'name').value; } catch { name = ''; }
    name = typeof name === 'string' ? name.slice(0, longestName) : '';
    byName.set(name, (byName.get(name) ?? 0) + count);
  }
  const all = [...byName].sort((a, b) => b[1] - a[1]);
  const otherCount = all.slice(mostClasses).reduce((sum, [, count]) => sum + count, 0);
  return { classes: all.slice(0, mostClasses).map(([name, count]) => ({ name, count })), otherCount };
}`;

/**
 * Counts the live objects of this thread's main context by class. V8 collects all garbage several times for it, then
 * looks at every object: the thread stands still for 15 to 30 ms for each MB of heap (5 s at 326 MB), about half as long
 * as an inline snapshot takes. It takes memory for each object, a third of what a snapshot takes.
 *
 * @throws {CaptureError} EBB_CAPTURE_PROFILER when the inspector cannot be used here, EBB_CAPTURE_NO_MEMORY when there is
 *   clearly no room
 */
export function countClasses(
  options: { clock?: () => number; measureRoom?: (file: string | null) => ChildRoom } = {},
): ClassCounts {
  const { clock = monotonicMs, measureRoom = measureChildRoom } = options;
  const startMs = clock();
  requireRoomForCounts(measureRoom(null), getHeapStatistics().heap_size_limit);
  const session = openSession();
  const objectGroup = 'ebb-class-counts';
  try {
    const { result } = post(session, 'Runtime.evaluate', { expression: 'Object.prototype', objectGroup }) as Remote;
    const { objects } = post(session, 'Runtime.queryObjects', {
      prototypeObjectId: result.objectId,
      objectGroup,
    }) as { objects: { objectId: string } };
    const counted = post(session, 'Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: countByClass,
      arguments: [{ value: mostClasses }, { value: longestName }],
      returnByValue: true,
    }) as Remote;
    const { value } = counted.result;
    if (counted.exceptionDetails !== undefined || value === undefined) {
      throw new CaptureError(
        'EBB_CAPTURE_PROFILER',
        'The objects of this thread cannot be counted: the program has replaced Map, Array or Reflect by something else.',
      );
    }
    return { ...value, pauseMs: clock() - startMs };
  } finally {
    try {
      session.post('Runtime.releaseObjectGroup', { objectGroup });
    } catch {
      // The session is broken, and with it goes what it holds.
    }
    session.disconnect();
  }
}

/**
 * V8 keeps a handle for each object outside the heap, and then an array of all of them in it. Measured with objects of one
 * field on Node 20 and 24: 1.4 and 1.9 bytes outside for each byte of heap, and 0.15 in it; larger objects are fewer.
 */
const memoryPerHeapByte = 2;
const heapPerHeapByte = 0.25;

/** @throws {CaptureError} EBB_CAPTURE_NO_MEMORY when counting would bring the container, the machine or V8 to its limit */
export function requireRoomForCounts(room: ChildRoom, heapLimitBytes: number): void {
  const { memoryFreeBytes } = roomWithoutChild(room);
  const needBytes = room.smallObjectsBytes * memoryPerHeapByte;
  const heapFreeBytes = heapLimitBytes - room.heapUsedBytes;
  const heapNeedBytes = room.smallObjectsBytes * heapPerHeapByte;
  if ((memoryFreeBytes ?? Infinity) >= needBytes && heapFreeBytes >= heapNeedBytes) return;
  const lack =
    heapFreeBytes < heapNeedBytes
      ? `${megabytes(heapNeedBytes)} of heap, and V8's limit leaves ${megabytes(heapFreeBytes)}`
      : `${megabytes(needBytes)} of memory, and ${megabytes(memoryFreeBytes ?? 0)} are free`;
  throw new CaptureError(
    'EBB_CAPTURE_NO_MEMORY',
    `To count the objects of ${megabytes(room.heapUsedBytes)} of heap takes up to ${lack}; the process could be killed. ` +
      'Raise the limit, or count earlier, while the heap is small.',
  );
}

interface Remote {
  result: { objectId: string; value?: Omit<ClassCounts, 'pauseMs'> };
  exceptionDetails?: object;
}
