/** The functions of a soak, how often each is asked, and what each may answer. */
import { buildComponent, ECHO } from '../support/component/index.ts';
import { KV_GET, sleeper } from '../support/component-texts.ts';
import { handler, type TestFunction } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';

export interface SoakFunction {
  readonly definition: TestFunction;
  /** Part of the steady rate; for those with `perSecond` it does not count. */
  readonly weight: number;
  /** Asked so often whatever the rate is: what breaks a limit is dear. */
  readonly perSecond?: number;
  /** The request that carries the correlation id `id`. @default the id */
  readonly payload?: (id: string) => string;
  /** Whether a good answer belongs to the request with `id`. @default it is the id */
  readonly isAnswer?: (id: string, text: string) => boolean;
  /** A trap has no text of the function's, so nobody can tell whose it is. @default its errors have the id */
  readonly errorsAreAlike?: boolean;
  /** Outcomes that belong to it; every other one is counted as odd. @default a good answer */
  readonly outcomes?: readonly string[];
  /** Share of its answers that are to be good ones where others belong to it as well. @default 0 */
  readonly minOk?: number;
}

/** Each gets another code now and then, so its answer names the version. */
const CHURNED = 'churned';
/** Undeployed and deployed again, so now and then nobody listens. */
const BLINKING = 'blinking';

/** The churned function with the code of one version. */
export function churnedVersion(version: number): TestFunction {
  return {
    name: CHURNED,
    code: handler(`const version = ${version}; return msg.text() + '@' + version;`),
  };
}

export function blinkingVersion(version: number): TestFunction {
  return {
    name: BLINKING,
    code: handler(`const version = ${version}; return msg.text() + '@' + version;`),
  };
}

function isVersioned(id: string, text: string): boolean {
  return text.startsWith(`${id}@`) && /^\d+$/.test(text.slice(id.length + 1));
}

const FILLER = 'payload '.repeat(32 * 1024);

/** A request of 1 KiB to 256 KiB whose size depends on its id. */
function largePayload(id: string): string {
  const chars = 1024 * (1 + ((Number(id.slice(id.lastIndexOf('-') + 1)) * 37) % 255));
  return `${id} ${FILLER.slice(0, chars)}`;
}

export const SOAK_FUNCTIONS: readonly SoakFunction[] = [
  { definition: { name: 'echo', code: handler('return msg.text();') }, weight: 30 },
  {
    definition: {
      name: 'json',
      code: handler(`const { id, items } = msg.json();
        const total = items.map((item) => ({ ...item, n: item.n * 2 })).reduce((sum, { n }) => sum + n, 0);
        return { id, total, tags: new Set(items.map(({ tag }) => tag)).size };`),
    },
    weight: 15,
    payload: (id) =>
      JSON.stringify({ id, items: Array.from({ length: 20 }, (_, n) => ({ n, tag: `t${n % 5}` })) }),
    isAnswer: (id, text) => text === JSON.stringify({ id, total: 380, tags: 5 }),
  },
  {
    definition: {
      name: 'timers',
      code: handler(`setTimeout(() => undefined, 60_000);
        await Promise.all([1, 5, 20].map((delay) => new Promise((resolve) => setTimeout(resolve, delay))));
        return msg.text();`),
    },
    weight: 15,
  },
  {
    definition: {
      name: 'kv',
      code: handler(`const id = msg.text();
        const key = 'k' + (Number(id.slice(id.lastIndexOf('-') + 1)) % 50);
        const named = (error) => { throw new Error(id + ': ' + error.code); };
        await env.B.put(key, id).catch(named);
        const found = await env.B.get(key).catch(named);
        return id + '=' + (found === null ? '' : found.text().slice(0, 4));`),
      bindings: { B: { kv: 'soak', access: 'read-write' } },
      limits: { concurrency: 500 },
    },
    weight: 10,
    isAnswer: (id, text) => text === `${id}=${id.slice(0, 4)}`,
  },
  {
    definition: { name: 'large', code: handler('return msg.data;') },
    weight: 1,
    payload: largePayload,
    isAnswer: (id, text) => text === largePayload(id),
  },
  {
    definition: {
      name: 'tails',
      code: handler(`ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 25)).then(() => env.B.get('k1')));
        return msg.text();`),
      bindings: { B: { kv: 'soak', access: 'read' } },
      limits: { concurrency: 500 },
    },
    weight: 10,
  },
  {
    definition: {
      name: 'throws',
      code: handler(`const error = new RangeError(msg.text()); error.bag = new Array(1_000); throw error;`),
    },
    weight: 5,
    outcomes: ['HS_FUNCTION_THREW'],
  },
  { definition: { name: 'component', code: buildComponent({ body: ECHO }) }, weight: 10 },
  {
    definition: {
      name: 'component-traps',
      code: buildComponent({ body: '(drop (memory.grow (i32.const 4))) (unreachable)' }),
    },
    weight: 3,
    outcomes: ['HS_FUNCTION_THREW'],
    errorsAreAlike: true,
  },
  {
    definition: {
      name: 'component-reads',
      code: buildComponent(KV_GET),
      bindings: { HOST: { kv: 'soak', access: 'read' } },
      limits: { concurrency: 500 },
    },
    weight: 5,
    // Nobody writes this key.
    isAnswer: (_id, text) => text === '',
  },
  {
    definition: {
      name: 'component-late',
      code: buildComponent(sleeper(60_000)),
      limits: { timeout: '200ms' },
    },
    weight: 0,
    perSecond: 5,
    outcomes: ['HS_FUNCTION_TIMEOUT'],
  },
  // In the heavy lane, whose time-outs stay armed for as long as the limit (docs/decisions/0018).
  {
    definition: { name: 'patient', code: handler('return msg.text();'), limits: { cpu: '1s' } },
    weight: 5,
  },
  {
    definition: {
      name: 'lasting',
      code: handler('return msg.text();'),
      limits: { cpu: '10s', timeout: '20s' },
    },
    weight: 5,
  },
  { definition: churnedVersion(0), weight: 10, isAnswer: isVersioned },
  {
    definition: blinkingVersion(0),
    weight: 4,
    isAnswer: isVersioned,
    outcomes: ['ok', 'no responders'],
    minOk: 0.5,
  },
  {
    definition: {
      name: 'late',
      code: handler('await new Promise(() => undefined);'),
      limits: { timeout: '200ms' },
    },
    weight: 0,
    perSecond: 5,
    outcomes: ['HS_FUNCTION_TIMEOUT'],
  },
  {
    definition: { name: 'burner', code: handler('for (;;) {}'), limits: { cpu: '20ms' } },
    weight: 0,
    perSecond: 1,
    outcomes: ['HS_FUNCTION_CPU'],
  },
  {
    definition: {
      name: 'hoarder',
      code: handler('const all = []; for (;;) all.push({ a: all.length, b: [1, 2, 3] });'),
      // It takes a fifth of a second, in the heavy lane.
      limits: { memory: '16MiB', cpu: '500ms' },
    },
    weight: 0,
    perSecond: 0.2,
    outcomes: ['HS_FUNCTION_MEMORY', 'HS_FUNCTION_CPU'],
  },
];

/** In a namespace of its own: it takes its cell down. */
export const KILLER: TestFunction = {
  name: 'killer',
  namespace: 'killers',
  code: handler(`if (msg.text() !== 'kill') return msg.text(); return ${ABORT};`),
  limits: ABORT_LIMITS,
};
