/** What observers of a cell are told, and when. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { fanOut } from '../../src/cell/observe/fan-out.ts';
import { createObservation } from '../../src/cell/observe/observation.ts';
import { SilentObserver, systemClock } from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const HOST = { host: async () => ({ value: null }) };
const NO_GAUGES = {
  rssBytes: 1,
  warm: 0,
  blank: 0,
  droppedReplies: 0,
  functions: [],
};

class Counter extends SilentObserver {
  calls: string[] = [];
  readonly #detailed: boolean;
  constructor(detailed: boolean) {
    super();
    this.#detailed = detailed;
  }
  override wantsDetails(): boolean {
    return this.#detailed;
  }
  override onReceived(): void {
    this.calls.push('received');
  }
  override onStarted(): void {
    this.calls.push('started');
  }
  override onFinished(): void {
    this.calls.push('finished');
  }
  override onCallStarted(): void {
    this.calls.push('call started');
  }
  override onCallFinished(): void {
    this.calls.push('call finished');
  }
  override onBatch(): void {
    this.calls.push('batch');
  }
  override onPool(_spec: unknown, change: string): void {
    this.calls.push(change);
  }
}

test('An observer that wants details is told every step in order', async () => {
  const observer = new Counter(true);
  using probe = createTestFunction(handlerOf('await env.HOST.get("k")'), { ...HOST, observer });
  await probe.text();
  assert.deepEqual(observer.calls, [
    'received',
    'woken',
    'started',
    'batch',
    'call started',
    'call finished',
    'batch',
    'finished',
  ]);
});

test('An invocation that an entry did not come to is told as started once', async () => {
  const observer = new Counter(true);
  const busy = 'for (const start = Date.now(); Date.now() - start < 8; );';
  using probe = createTestFunction(handlerOf(busy), { limits: { cpuMs: 1_000 }, observer });
  await probe.text();
  observer.calls.length = 0;
  await Promise.all(Array.from({ length: 10 }, () => probe.text()));
  const count = (call: string): number => observer.calls.filter((one) => one === call).length;
  assert.ok(count('batch') > 1, `${count('batch')} entries`);
  assert.equal(count('started'), 10);
});

test('Without details only ends are told', async () => {
  const observer = new Counter(false);
  using probe = createTestFunction(handlerOf('await env.HOST.get("k")'), { ...HOST, observer });
  await probe.text();
  assert.deepEqual(observer.calls, ['woken', 'finished']);
});

test('With nothing asked for a cell observes nothing, makes no spans and reports nothing', async () => {
  let reports = 0;
  const { observer, finish } = createObservation({
    clock: systemClock,
    observe: undefined,
    feed: new SilentObserver(),
    gauges: () => NO_GAUGES,
    redactOf: () => undefined,
    send: async () => {
      reports += 1;
    },
  });
  assert.equal(observer.wantsDetails(), false);
  using probe = createTestFunction(handlerOf('return String(ctx.trace)'), { observer });
  assert.equal(await probe.text(), 'undefined');
  await finish();
  assert.equal(reports, 0);
});

test('Diagnostics channels carry what happens while somebody listens, and only then', async () => {
  const { observer } = createObservation({
    clock: systemClock,
    observe: undefined,
    feed: new SilentObserver(),
    gauges: () => NO_GAUGES,
    redactOf: () => undefined,
    send: () => Promise.resolve(),
  });
  using probe = createTestFunction(handlerOf('console.log("hi"); await env.HOST.get("k")'), {
    ...HOST,
    observer,
  });
  const seen: [string, Record<string, unknown>][] = [];
  const listen = (message: unknown, name: string | symbol): void => {
    seen.push([String(name), message as Record<string, unknown>]);
  };
  const channels = ['invocation', 'host-call', 'batch', 'pool', 'log'].map((name) => `hairspring:${name}`);
  for (const channel of channels) subscribe(channel, listen);
  assert.equal(observer.wantsDetails(), true);
  await probe.text();
  for (const channel of channels) unsubscribe(channel, listen);
  assert.equal(observer.wantsDetails(), false);
  const before = seen.length;
  await probe.text();
  assert.equal(seen.length, before);
  assert.deepEqual(
    seen.map(([channel, { event, change, level }]) =>
      `${channel.slice(11)} ${event ?? change ?? level ?? ''}`.trim(),
    ),
    [
      'invocation received',
      'pool woken',
      'invocation started',
      'batch',
      'log info',
      'host-call started',
      'host-call finished',
      'batch',
      'invocation finished',
    ],
  );
  for (const [, message] of seen)
    assert.deepEqual([message['name'], message['functionId']], ['probe', 'id-probe']);
  const finished = seen.at(-1)?.[1];
  assert.equal(finished?.['status'], 'ok');
  assert.ok(
    Number(finished?.['queueMs']) + Number(finished?.['runMs']) - Number(finished?.['durationMs']) < 0.01,
  );
});

test('Several observers are told only what they ask for', () => {
  const told: string[] = [];
  const logs = Object.assign(new SilentObserver(), { onLog: () => told.push('log') });
  const pool = Object.assign(new SilentObserver(), { onPool: () => told.push('pool') });
  const both = fanOut([logs, pool]);
  const spec = {} as Parameters<typeof both.onLog>[0];
  both.onLog(spec, 'info', '');
  both.onPool(spec, 'woken');
  both.onBatch(spec, 1);
  assert.deepEqual(told, ['log', 'pool']);
});
