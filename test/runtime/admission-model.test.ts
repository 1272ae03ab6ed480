/** Admission against a model: whatever happens in whatever order, what was accepted leaves exactly once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Invocation } from '../../src/core/index.ts';
import { Admission } from '../../src/runtime/dispatch/admission.ts';
import { ByteBudget, messageBytes } from '../../src/runtime/dispatch/byte-budget.ts';
import { Fifo } from '../../src/runtime/dispatch/fifo.ts';
import type { Flight } from '../../src/runtime/dispatch/flight.ts';
import { createSpec } from '../support/spec.ts';

type Step =
  | { readonly do: 'accept'; readonly bytes: number; readonly headers: boolean }
  | { readonly do: 'begin' }
  | { readonly do: 'giveBack'; readonly count: number }
  | { readonly do: 'left'; readonly which: number }
  | { readonly do: 'expire'; readonly passedMs: number }
  | { readonly do: 'takeWaiting' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      bytes: fc.oneof(fc.nat(40), fc.constant(1_000), fc.constant(1_001)),
      headers: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'begin' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('giveBack' as const), count: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('left' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), passedMs: fc.nat(150) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'takeWaiting' as const }) },
);

function invocationOf(bytes: number, headers: boolean): Invocation {
  return {
    triggerIndex: 0,
    subject: 's',
    reply: 'r',
    headers: headers ? [['name', 'value']] : undefined,
    data: new Uint8Array(bytes),
    succeed: () => undefined,
    fail: () => undefined,
  };
}

test('Whatever is accepted leaves once, in its order, and the budgets are as full as what is there', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), queue: fc.nat(5) }),
      fc.constantFrom(60, 1_500, 1_000_000),
      (steps, counts, sharedBytes) => {
        const limits = { ...counts, payloadBytes: 1_000, timeoutMs: 200 };
        const shared = new ByteBudget(sharedBytes);
        const admission = new Admission(createSpec({ limits }), shared);
        const waiting: { readonly invocation: Invocation; readonly acceptedMs: number }[] = [];
        const running: Flight[] = [];
        const gone = new Set<Invocation>();
        let nowMs = 0;
        const leave = ({ invocation }: Pick<Flight, 'invocation'>): void => {
          assert.ok(!gone.has(invocation), 'it left twice');
          gone.add(invocation);
        };
        for (const now of steps) {
          switch (now.do) {
            case 'accept': {
              const invocation = invocationOf(now.bytes, now.headers);
              const full = waiting.length + running.length >= counts.concurrency + counts.queue;
              const fits = shared.fits(messageBytes(invocation));
              const accepted = admission.accept(invocation, nowMs);
              const refusal = 'code' in accepted ? accepted : undefined;
              if (now.bytes > 1_000) assert.equal(refusal?.code, 'HS_PAYLOAD_TOO_LARGE');
              else if (full || !fits) assert.equal(refusal?.code, 'HS_FUNCTION_OVERLOADED');
              else assert.equal(refusal, undefined);
              if (refusal === undefined) waiting.push({ invocation, acceptedMs: nowMs });
              break;
            }
            case 'begin': {
              const next = admission.next();
              const may = waiting.length > 0 && running.length < counts.concurrency;
              assert.equal(next !== undefined, may);
              assert.equal(admission.ready, may);
              if (next === undefined) break;
              assert.equal(next.invocation, waiting.shift()?.invocation);
              admission.begin();
              running.push(next);
              break;
            }
            case 'giveBack': {
              const back = running.splice(Math.max(0, running.length - now.count));
              admission.giveBack(back);
              waiting.unshift(...back);
              break;
            }
            case 'left': {
              const [flight] = running.splice(now.which % Math.max(running.length, 1), 1);
              if (flight === undefined) break;
              leave(flight);
              admission.left(flight);
              break;
            }
            case 'expire': {
              nowMs += now.passedMs;
              for (const flight of admission.expire(nowMs)) {
                assert.equal(flight.invocation, waiting.shift()?.invocation);
                assert.ok(flight.deadlineMs <= nowMs);
                leave(flight);
              }
              assert.ok(waiting[0] === undefined || waiting[0].acceptedMs + limits.timeoutMs > nowMs);
              break;
            }
            case 'takeWaiting':
              for (const flight of admission.takeWaiting()) leave(flight);
              waiting.length = 0;
          }
          assert.equal(admission.running, running.length);
          assert.equal(admission.queued, waiting.length);
          const held = [...waiting, ...running].reduce((sum, each) => sum + messageBytes(each.invocation), 0);
          assert.equal(shared.usedBytes, held);
        }
        for (const flight of [...admission.takeWaiting(), ...running]) leave(flight);
        for (const flight of running) admission.left(flight);
        assert.equal(shared.usedBytes, 0);
      },
    ),
    { numRuns: 500 },
  );
});

test('A queue is a list, however long it has been used', () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 900 }) }) },
    { weight: 3, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 1_100 }) }) },
    { weight: 1, arbitrary: fc.record({ unshift: fc.array(fc.integer(), { maxLength: 3 }) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      for (const now of actions) {
        if ('push' in now) {
          for (let count = 0; count < now.push; count += 1) {
            fifo.push(count);
            model.push(count);
          }
        } else if ('shift' in now) {
          for (const expected of model.splice(0, now.shift)) assert.equal(fifo.shift(), expected);
          if (model.length === 0) assert.equal(fifo.shift(), undefined);
        } else {
          fifo.unshift(now.unshift);
          model = [...now.unshift, ...model];
        }
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.peek(), model[0]);
      }
      for (const expected of model) assert.equal(fifo.shift(), expected);
      assert.equal(fifo.length, 0);
    }),
    { numRuns: 100 },
  );
});

test('A queue takes back more than one call may have arguments', () => {
  const fifo = new Fifo<number>();
  fifo.push(-1);
  fifo.push(-2);
  fifo.shift();
  fifo.unshift(Array.from({ length: 200_000 }, (_, index) => index));
  assert.equal(fifo.length, 200_001);
  for (let index = 0; index < 200_000; index += 1) assert.equal(fifo.shift(), index);
  assert.equal(fifo.shift(), -2);
});
