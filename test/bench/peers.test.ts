import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSite } from '../../bench/bench-run.ts';
import { availablePeers } from '../../bench/peers/all-peers.ts';
import { measurePeerCold, type PeerColdPass } from '../../bench/peers/cold-peers.ts';
import { FailedPeers } from '../../bench/peers/failed-peers.ts';
import { HAIRSPRING, HAIRSPRING_HTTP } from '../../bench/peers/hairspring.ts';
import { measurePeerLoad, type PeerWindow } from '../../bench/peers/load-peers.ts';
import {
  CHILD_PROCESS,
  NATS_ECHO,
  NODE_HTTP,
  WORKER_THREADS,
  WORKER_THREADS_BATCHED,
} from '../../bench/peers/node.ts';
import type { Peer } from '../../bench/peers/peer.ts';
import { makeTask, type PeerBench, preparePeers } from '../../bench/peers/peer-bench.ts';
import { NO_PROGRAMS } from '../../bench/peers/programs.ts';
import { peerColdRows, peerLoadRows } from '../../bench/peers/rows.ts';
import { startProgram } from '../../bench/peers/start-program.ts';
import { WORKERD_DYNAMIC, WORKERD_STATIC } from '../../bench/peers/workerd.ts';
import { metricOf, type Row } from '../../src/measure/index.ts';

interface Measured {
  readonly passes: readonly PeerColdPass[];
  readonly windows: readonly PeerWindow[];
}

/** All of `peers` once, as short as can be, with every reply checked. */
async function measureBriefly(peers: readonly Peer[]): Promise<Measured> {
  await using site = await openSite();
  const failed = new FailedPeers();
  const bench: PeerBench = { site, peers, failed, payloadBytes: 100, progress: () => undefined };
  const common = { site, programs: NO_PROGRAMS };
  const coldTask = await makeTask({ ...common, entry: 'orders.js', padTo: 5_000, tenants: 3 });
  const loadTask = await makeTask({ ...common, entry: 'echo.js', padTo: 0, tenants: 1 });
  await preparePeers(bench, [coldTask, loadTask]);
  const coldPlan = { rounds: 1, functions: 2, uncounted: 1, pauseMs: 1, settleMs: 100 };
  const passes = await measurePeerCold(bench, coldPlan, coldTask);
  const loadPlan = { rounds: 1, inFlight: [2], firstWarmupMs: 50, warmupMs: 20, windowMs: 100 };
  const windows = await measurePeerLoad(bench, loadPlan, loadTask);
  assert.deepEqual(failed.notes, []);
  for (const { peer, wrong, firstWrong, lost } of windows)
    assert.equal(wrong + lost, 0, `${peer.id}: ${firstWrong}`);
  return { passes, windows };
}

test('The floors and the peers that Node gives answer cold and under load, each with the right reply', async () => {
  const peers = [NATS_ECHO, NODE_HTTP, WORKER_THREADS, WORKER_THREADS_BATCHED, CHILD_PROCESS];
  const { passes, windows } = await measureBriefly(peers);
  assert.deepEqual(
    passes.map(({ peer, coldMs, warmMs }) => [peer.id, coldMs.length, warmMs.length]),
    [
      ['nats-echo', 0, 6],
      ['node-http', 0, 6],
      ['worker-threads', 2, 4],
      ['child-process', 2, 0],
    ],
  );
  assert.deepEqual(
    windows.map(({ peer }) => peer.id),
    peers.map(({ id }) => id),
  );
  const rows = [...peerColdRows(passes, 5_000), ...peerLoadRows(windows)];
  assert.equal(rows.length, passes.length + windows.length);
  for (const { id, metrics } of rows)
    for (const { name, value } of metrics)
      assert.ok(Number.isFinite(value), `${name} of ${id} is ${value}, which JSON does not know`);
});

test('Hairspring takes part in the rounds of its peers, over both transports by one host', async () => {
  const { passes, windows } = await measureBriefly([HAIRSPRING, HAIRSPRING_HTTP]);
  assert.deepEqual(
    passes.map(({ peer, coldMs, warmMs }) => [peer.id, coldMs.length, warmMs.length]),
    [
      ['hairspring', 2, 4],
      ['hairspring-http', 2, 4],
    ],
  );
  assert.deepEqual(
    [...peerColdRows(passes, 5_000), ...peerLoadRows(windows)].map(({ id }) => id),
    [
      'peer-cold/hairspring?bundleBytes=5000',
      'peer-cold/hairspring-http?bundleBytes=5000',
      'peer-load/hairspring?inFlight=2&payloadBytes=100',
      'peer-load/hairspring-http?inFlight=2&payloadBytes=100',
    ],
  );
});

test('A peer under load is compared with the floor of its transport and with Hairspring over that transport in the same round', () => {
  const window = (peer: Peer, round: number, perSecond: number, responder: number): PeerWindow => ({
    ...{ peer, round, perSecond, inFlight: 64, payloadBytes: 100, requests: 1, seconds: 1 },
    ...{ p50Us: 1, p95Us: 1, p99Us: 1, maxUs: 1, wrong: 0, firstWrong: null, lost: 0 },
    cpu: { generator: 0.1, server: 0, responder, others: 0 },
  });
  const rows = peerLoadRows([
    ...[window(NODE_HTTP, 1, 100, 1), window(NATS_ECHO, 1, 1_000, 1), window(HAIRSPRING, 1, 500, 1)],
    ...[window(WORKERD_STATIC, 1, 50, 1), window(WORKERD_STATIC, 2, 40, 1)],
    ...[window(HAIRSPRING_HTTP, 1, 100, 1), window(HAIRSPRING_HTTP, 2, 100, 1)],
    ...[window(NODE_HTTP, 2, 200, 1), window(NATS_ECHO, 2, 1_000, 1), window(HAIRSPRING, 2, 400, 1)],
  ]);
  const workerd = find(rows, 'workerd-static');
  assert.deepEqual(roundsOf(workerd, 'ratio'), [0.5, 0.2]);
  assert.deepEqual(roundsOf(workerd, 'cpuRatio'), [2, 5]);
  assert.deepEqual(roundsOf(workerd, 'cpuTimesOurs'), [2, 2.5]);
  assert.equal(roundsOf(find(rows, 'hairspring-http'), 'cpuTimesOurs'), undefined);
  assert.deepEqual(roundsOf(find(rows, 'hairspring'), 'ratio'), [0.5, 0.4]);
});

test('A peer that answered nothing in any round has a row that says so, and no figures', () => {
  const [row] = peerLoadRows([
    {
      ...{ peer: WORKERD_STATIC, round: 1, perSecond: 0, inFlight: 64, payloadBytes: 100, requests: 0 },
      ...{ seconds: 1, p50Us: Number.NaN, p95Us: Number.NaN, p99Us: Number.NaN, maxUs: 0 },
      ...{ wrong: 0, firstWrong: null, lost: 0, cpu: null },
    },
  ]);
  assert.deepEqual(row?.metrics, []);
  assert.match(row?.notes.join() ?? '', /no reply at all/);
});

test('A cold start is compared with warm requests of the same peer, and with the floor where there are none', () => {
  const pass = (peer: Peer, coldMs: readonly number[], warmMs: readonly number[]): PeerColdPass => ({
    ...{ round: 1, peer, coldMs, warmMs },
  });
  const rows = peerColdRows(
    [
      pass(NATS_ECHO, [], [1, 1, 1]),
      pass(HAIRSPRING, [3, 3, 3], [2, 2, 2]),
      pass(CHILD_PROCESS, [41, 41, 41], []),
      pass(WORKERD_DYNAMIC, [15, 15, 15], [3, 3, 3]),
      pass(HAIRSPRING_HTTP, [5, 5, 5], [3, 3, 3]),
    ],
    5_000,
  );
  const child = find(rows, 'child-process');
  assert.equal(metricOf(child, 'overWarmMs'), 40);
  assert.equal(metricOf(child, 'overWarmTimesOurs'), 40);
  assert.equal(metricOf(child, 'warmP50Ms'), undefined);
  const workerd = find(rows, 'workerd-dynamic');
  assert.deepEqual([metricOf(workerd, 'overWarmMs'), metricOf(workerd, 'timesOurs')], [12, 3]);
});

test('Without workerd and Deno the others are measured', () => {
  const ids = availablePeers(NO_PROGRAMS).map(({ id }) => id);
  assert.deepEqual(ids, [
    ...[
      'nats-echo',
      'hairspring',
      'worker-threads',
      'worker-threads-batched',
      'child-process',
      'node-wasi',
      'node-http',
      'hairspring-http',
    ],
  ]);
});

test('A peer of another project that fails is left out with its reason; one of our own fails the run', async () => {
  const failed = new FailedPeers();
  const fail = async (): Promise<never> => {
    throw new Error('no such port');
  };
  assert.equal(await failed.attempt(WORKERD_STATIC, fail), undefined);
  assert.equal(await failed.attempt(WORKERD_STATIC, async () => 'measured later'), undefined);
  assert.equal(await failed.attempt(WORKERD_DYNAMIC, async () => 'measured'), 'measured');
  assert.deepEqual(failed.notes, [`${WORKERD_STATIC.title}: left out, because it failed: no such port`]);
  await assert.rejects(failed.attempt(NODE_HTTP, fail), /no such port/);
});

test('A program is asked at the port that it tells, and one that does not start says why', async () => {
  const serve = `require('node:http').createServer((_, response) => response.end('served')).listen(0, '127.0.0.1', function () {
    console.log(JSON.stringify({ port: this.address().port }));
  });`;
  const common = { command: process.execPath, environment: {}, portFrom: 'stdout' as const };
  let pid: number;
  {
    await using program = await startProgram({ ...common, args: ['-e', serve] });
    pid = program.pid;
    const response = await fetch(`http://127.0.0.1:${program.port}/`);
    assert.equal(await response.text(), 'served');
  }
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
  const fail = "console.error('no such configuration'); process.exitCode = 1;";
  await assert.rejects(
    startProgram({ ...common, args: ['-e', fail] }),
    /did not start: no such configuration/,
  );
});

function find(rows: readonly Row[], subject: string): Row {
  const row = rows.find((one) => one.subject === subject);
  assert.ok(row !== undefined, `no row of ${subject}`);
  return row;
}

function roundsOf(row: Row, name: string): readonly number[] | undefined {
  return row.metrics.find((metric) => metric.name === name)?.rounds;
}
