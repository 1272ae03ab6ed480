/** Functions run in real isolates without a cell around them, and without NATS. */
import assert from 'node:assert/strict';
import {
  type Binding,
  type Clock,
  type ErrorCode,
  type FinishedInvocation,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type Observer,
  type Outcome,
  type PreparedBinding,
  SilentObserver,
  systemClock,
} from '../../src/core/index.ts';
import { readGuestScripts } from '../../src/hostservices/index.ts';
import {
  ByteBudget,
  buildPrelude,
  DeadlineSweeper,
  EntryGuard,
  type FunctionCode,
  FunctionRunner,
  type GuestIsolate,
  HeavyLane,
  IsolatePool,
  type RunnerDependencies,
  Scheduler,
  scriptOf,
  type WearLimits,
} from '../../src/runtime/index.ts';
import { createSpec, type SpecOptions } from './spec.ts';

/** A script that leaves `exported` (JavaScript source) where a bundle leaves its exports. */
export function moduleOf(exported: string, topLevel = ''): string {
  return `${topLevel}\nvar __hairspring_module = { default: ${exported} };`;
}

/** A module whose message handler has this body, with `msg`, `env` and `ctx` in scope. */
export function handlerOf(body: string, topLevel = ''): string {
  return moduleOf(`{ async message(msg, env, ctx) { ${body} } }`, topLevel);
}

const GUARD = new EntryGuard();
const PRELUDE = buildPrelude(readGuestScripts());

/** A pool with the real prelude that keeps nothing ready. */
export function createTestPool(guard: EntryGuard = GUARD): IsolatePool {
  return new IsolatePool({ prelude: PRELUDE, guard, spares: 0 });
}

/** Loads `code` in an isolate of its own. The caller disposes it. */
export function loadIsolate(pool: IsolatePool, code: string, options: SpecOptions = {}): GuestIsolate {
  const spec = createSpec(options);
  const isolate = pool.create(spec.limits);
  isolate.load(scriptOf(code, `${spec.name}.js`), { ...spec, bindings: {}, budgetMs: 1_000 });
  return isolate;
}

export interface Call {
  readonly subject?: string;
  readonly data?: string | Uint8Array;
  readonly headers?: readonly (readonly [string, string])[];
  readonly reply?: string;
  readonly triggerIndex?: number;
}

/** What a caller hears: an outcome or an error, and never two of them. */
export type Answer =
  | { readonly ok: true; readonly outcome: Outcome; readonly text: string }
  | { readonly ok: false; readonly error: HairspringError };

export interface TestFunctionOptions extends SpecOptions {
  readonly clock?: Clock;
  /** @default one that nothing fills */
  readonly backlog?: ByteBudget;
  /** @default one for all, of a machine on which nothing waits */
  readonly guard?: EntryGuard;
  /** @default one of its own */
  readonly scheduler?: Scheduler;
  /** @default the product's */
  readonly wear?: WearLimits;
  /** @default one of its own with one thread */
  readonly heavyLane?: HeavyLane;
  /** @default none: a function goes to the heavy lane only for what is seen of it */
  readonly inlineCpuMs?: number;
  /** Serves `env.HOST`, whose every method calls this with its name. */
  readonly host?: (call: HostCall, caller: HostCaller) => Promise<HostCallResult>;
  /** Serves the bindings of the spec, by label. */
  readonly prepared?: Readonly<Record<string, PreparedBinding>>;
  /** @default one that keeps `logs` and `finished` */
  readonly observer?: Observer;
}

export interface TestFunction extends Disposable {
  readonly runner: FunctionRunner;
  readonly dependencies: RunnerDependencies;
  readonly logs: readonly { readonly level: string; readonly text: string }[];
  readonly finished: readonly FinishedInvocation[];
  /** Subjects that began with each entry. */
  readonly entries: readonly (readonly string[])[];
  /** The same for entries in the heavy lane. */
  readonly heavyEntries: readonly (readonly string[])[];
  call(call?: Call): Promise<Answer>;
  /** The reply's text. Fails the test when the answer is an error. */
  text(call?: Call): Promise<string>;
  /** The error's code. Fails the test when the answer is none. */
  code(call?: Call): Promise<ErrorCode>;
}

const HOST_BINDING: Binding = {
  service: 'kv',
  bucket: 'host',
  access: 'read-write',
  keys: '>',
  existing: true,
};

/** A function with its own pool, scheduler and sweeper. */
export function createTestFunction(code: FunctionCode, options: TestFunctionOptions = {}): TestFunction {
  const {
    clock = systemClock,
    scheduler = new Scheduler(),
    host,
    backlog = new ByteBudget(1024 ** 3),
  } = options;
  const pool = createTestPool(options.guard);
  const logs: { level: string; text: string }[] = [];
  const finished: FinishedInvocation[] = [];
  const entries: string[][] = [];
  const heavyEntries: string[][] = [];
  const dependencies: RunnerDependencies = {
    pool,
    scheduler,
    sweeper: new DeadlineSweeper(clock),
    heavyLane: options.heavyLane ?? new HeavyLane(1),
    inlineCpuMs: options.inlineCpuMs ?? Number.POSITIVE_INFINITY,
    clock,
    journal: {
      enter: (_functionId, started) => {
        entries.push(started.map(({ subject }) => subject));
      },
      leave: () => undefined,
      enterHeavy: (_slot, _functionId, started) => {
        heavyEntries.push(started.map(({ subject }) => subject));
      },
      leaveHeavy: () => undefined,
    },
    observer:
      options.observer ??
      Object.assign(new SilentObserver(), {
        onFinished: (_spec: unknown, record: FinishedInvocation) => {
          finished.push(record);
        },
        onLog: (_spec: unknown, level: string, text: string) => {
          logs.push({ level, text });
        },
      }),
    backlog,
    readCode: () => code,
    mapStack: (_spec, stack) => stack,
    ...(options.wear === undefined ? {} : { wear: options.wear }),
  };
  const spec = createSpec({
    ...options,
    bindings: host === undefined ? (options.bindings ?? {}) : { HOST: HOST_BINDING },
  });
  const bindings = new Map<string, PreparedBinding>(Object.entries(options.prepared ?? {}));
  if (host !== undefined) bindings.set('HOST', { call: host });
  const runner = new FunctionRunner(spec, bindings, dependencies);
  const call = (request: Call = {}): Promise<Answer> => callRunner(runner, request);
  return {
    runner,
    dependencies,
    logs,
    finished,
    entries,
    heavyEntries,
    call,
    async text(request) {
      return textOf(await call(request));
    },
    async code(request) {
      return codeOf(await call(request));
    },
    [Symbol.dispose]() {
      runner.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
      dependencies.sweeper[Symbol.dispose]();
      pool[Symbol.dispose]();
    },
  };
}

/** Gives a runner one message. */
export function callRunner(runner: FunctionRunner, request: Call = {}): Promise<Answer> {
  const { subject = 'probe.a', data = '', headers, reply = '_INBOX.test', triggerIndex = 0 } = request;
  return new Promise((resolve, reject) => {
    let answers = 0;
    const settle = (answer: Answer): void => {
      answers += 1;
      if (answers === 1) resolve(answer);
      // A promise has one result only; a second answer must not pass unseen.
      else reject(new assert.AssertionError({ message: `${subject} was answered ${answers} times` }));
      assert.equal(answers, 1, `${subject} was answered more than once`);
    };
    runner.accept({
      triggerIndex,
      subject,
      reply,
      headers,
      data: typeof data === 'string' ? Buffer.from(data) : data,
      succeed: (outcome) => settle({ ok: true, outcome, text: payloadText(outcome.payload) }),
      fail: (error) => settle({ ok: false, error }),
    });
  });
}

export function textOf(answer: Answer): string {
  assert.ok(answer.ok, answer.ok ? '' : `${answer.error.code}: ${answer.error.message}`);
  return answer.text;
}

export function codeOf(answer: Answer): ErrorCode {
  assert.ok(!answer.ok, answer.ok ? `It was answered with ${JSON.stringify(answer.text)}` : '');
  return answer.error.code;
}

function payloadText(payload: string | Uint8Array | undefined): string {
  return typeof payload === 'string' ? payload : Buffer.from(payload ?? '').toString('utf8');
}
