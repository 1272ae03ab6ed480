import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { EntryGuard, type GuestIsolate, IsolatePool, type IsolateShape } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { turns } from '../support/turns.ts';

const MIB = 1024 ** 2;
/** One more than a pool keeps; two of them differ in what they are ready for alone. */
const SHAPES = [
  { memoryBytes: 8 * MIB },
  { memoryBytes: 8 * MIB, readiness: 'requests' },
  { memoryBytes: 16 * MIB },
  { memoryBytes: 32 * MIB, readiness: 'requests' },
  { memoryBytes: 64 * MIB, readiness: 'messages' },
] as const satisfies readonly IsolateShape[];
const MAX_SHAPES = 4;
const SPARES = 2;
/** A prelude is nothing to a pool, and a small one leaves time for more runs. */
const PRELUDE = '(function () { return function () {}; })';

function keyOf({ memoryBytes, readiness = 'messages' }: IsolateShape): string {
  return `${memoryBytes / MIB} MiB for ${readiness}`;
}

/** What a pool is to hold: shapes in the order of their last use, each with its number of blanks. */
class PoolModel {
  readonly blanks = new Map<string, number>();
  refills = 0;
  disposed = false;

  touch(key: string): void {
    const blanks = this.blanks.get(key) ?? 0;
    this.blanks.delete(key);
    this.blanks.set(key, blanks);
    const [oldest] = this.blanks.keys();
    if (this.blanks.size > MAX_SHAPES && oldest !== undefined) this.blanks.delete(oldest);
  }

  /** @returns whether there was one */
  take(key: string): boolean {
    const blanks = this.blanks.get(key) ?? 0;
    if (blanks > 0) this.blanks.set(key, blanks - 1);
    return blanks > 0;
  }

  refill(): void {
    if (this.disposed) return;
    for (const [key, blanks] of this.blanks) {
      this.refills += SPARES - blanks;
      this.blanks.set(key, SPARES);
    }
  }

  get size(): number {
    let sum = 0;
    for (const blanks of this.blanks.values()) sum += blanks;
    return sum;
  }
}

interface Real {
  readonly pool: IsolatePool;
  readonly acquired: Set<GuestIsolate>;
  /** Lets the background work run to its end. */
  refill(): void;
}

type Command = fc.Command<PoolModel, Real>;

function command(name: string, run: (model: PoolModel, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real);
      assert.equal(real.pool.size, model.size, `blanks after ${name}`);
      assert.equal(real.pool.refills.count, model.refills, `refills after ${name}`);
    },
    toString: () => name,
  };
}

const prepare = (shape: IsolateShape): Command =>
  command(`prepare ${keyOf(shape)}`, (model, { pool }) => {
    if (!model.disposed) model.touch(keyOf(shape));
    pool.prepare(shape);
  });

const acquire = (shape: IsolateShape): Command =>
  command(`acquire ${keyOf(shape)}`, (model, { pool, acquired }) => {
    const { memoryBytes } = shape;
    if (!model.disposed) model.touch(keyOf(shape));
    const had = model.take(keyOf(shape)) || model.take(keyOf({ memoryBytes }));
    const { isolate, pooled } = pool.acquire(shape);
    assert.equal(pooled, had);
    assert.equal(isolate.memoryBytes, memoryBytes);
    assert.equal(isolate.disposed, false);
    assert.ok(!acquired.has(isolate), 'an isolate was handed out twice');
    acquired.add(isolate);
  });

const forget = (shape: IsolateShape): Command =>
  command(`forget ${keyOf(shape)}`, (model, { pool, acquired }) => {
    model.blanks.delete(keyOf(shape));
    pool.forget(shape);
    for (const isolate of acquired) assert.equal(isolate.disposed, false);
  });

const refill = command('refill', (model, real) => {
  model.refill();
  real.refill();
});

const dispose = command('dispose', (model, { pool, acquired }) => {
  model.disposed = true;
  model.blanks.clear();
  pool[Symbol.dispose]();
  for (const isolate of acquired) assert.equal(isolate.disposed, false);
});

/** Timers that the timers set are run as well. */
function tickThrough(context: TestContext): void {
  for (let passed = 0; passed < MAX_SHAPES * SPARES + 1; passed += 1) context.mock.timers.tick(1);
}

test('A pool keeps what it is to keep, hands out no isolate twice, and owns none that it handed out', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const shape = fc.constantFrom(...SHAPES);
  const commands = fc.commands(
    [
      shape.map(prepare),
      shape.map(acquire),
      shape.map(acquire),
      shape.map(forget),
      fc.constant(refill),
      fc.constant(dispose),
    ],
    { maxCommands: 25 },
  );
  fc.assert(
    fc.property(commands, (list) => {
      const pool = new IsolatePool({ prelude: PRELUDE, guard: new EntryGuard(), spares: SPARES });
      const acquired = new Set<GuestIsolate>();
      try {
        fc.modelRun(
          () => ({
            model: new PoolModel(),
            real: { pool, acquired, refill: () => tickThrough(context) },
          }),
          list,
        );
      } finally {
        pool[Symbol.dispose]();
        for (const isolate of acquired) isolate[Symbol.dispose]();
      }
    }),
    { numRuns: 40 },
  );
});

test('Blanks are made in quiet moments, and in a busy one after a while all the same', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 0;
  context.mock.method(performance, 'now', () => nowMs);
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 1) {
      nowMs += 1;
      context.mock.timers.tick(1);
    }
  };
  let quiet = false;
  using pool = new IsolatePool({
    prelude: PRELUDE,
    guard: new EntryGuard(),
    spares: 3,
    isQuiet: () => quiet,
  });
  pool.prepare({ memoryBytes: 8 * MIB });
  pass(40);
  assert.equal(pool.size, 0);
  pass(20);
  assert.equal(pool.size, 1);
  pass(20);
  assert.equal(pool.size, 1);
  quiet = true;
  pass(1);
  assert.equal(pool.size, 2);
  pass(1);
  assert.equal(pool.size, 3);
});

/** What an instance of a function is to have been through. */
interface LifeModel {
  warm: boolean;
  /** Calls that the instance has served. */
  calls: number;
  reason: string;
  readonly reasons: string[];
}

const RECYCLE_AFTER = 3;

function life(name: string, run: (model: LifeModel, probe: TestFunction) => Promise<void>) {
  return {
    check: () => true,
    run: async (model: LifeModel, probe: TestFunction) => {
      await run(model, probe);
      await turns(2);
      assert.equal(probe.runner.warm, model.warm, `warm after ${name}`);
      assert.deepEqual(
        probe.finished.flatMap(({ coldReason }) => coldReason ?? []),
        model.reasons,
      );
      assert.equal(probe.runner.inFlight, 0);
    },
    toString: () => name,
  };
}

function woken(model: LifeModel): void {
  if (!model.warm) {
    model.reasons.push(model.reason);
    model.calls = 0;
  }
  model.warm = true;
  model.calls += 1;
}

const call = life('call', async (model, probe) => {
  woken(model);
  assert.equal(await probe.text(), String(model.calls));
});

const overrun = life('overrun', async (model, probe) => {
  woken(model);
  assert.equal(await probe.code({ subject: 'probe.loop' }), 'HS_FUNCTION_CPU');
  model.warm = false;
  model.reason = 'interrupted';
});

/** Which of its two limits it passes first depends on the machine. */
const eat = life('eat', async (model, probe) => {
  woken(model);
  const code = await probe.code({ subject: 'probe.eat' });
  model.warm = false;
  model.reason = code === 'HS_FUNCTION_MEMORY' ? 'crash' : 'interrupted';
});

const evict = life('evict', async (model, probe) => {
  assert.equal(probe.runner.evict(), model.warm);
  if (model.warm) model.reason = 'evicted';
  model.warm = false;
});

const tend = life('tend', async (model, probe) => {
  probe.runner.tend(0);
  if (!model.warm || model.calls < RECYCLE_AFTER) return;
  model.warm = false;
  model.reason = 'recycled';
});

test('Whatever happens to an instance, the next call finds a fresh one and the right reason', async () => {
  const body = `
    if (msg.params.key === 'loop') for (;;) {}
    if (msg.params.key === 'eat') for (const all = []; ; ) all.push(new Array(1e5).fill({}));
    return String(calls += 1);`;
  const commands = fc.commands(
    [call, call, tend, evict, overrun, eat].map((one) => fc.constant(one)),
    { maxCommands: 10 },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      using probe = createTestFunction(handlerOf(body, 'let calls = 0;'), {
        limits: { cpuMs: 100, memoryBytes: 8 * MIB },
        wear: { ageMs: Infinity, invocations: RECYCLE_AFTER, heapShare: Infinity },
      });
      await fc.asyncModelRun(
        () => ({ model: { warm: false, calls: 0, reason: 'first', reasons: [] }, real: probe }),
        list,
      );
    }),
    { numRuns: 8 },
  );
});
