import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';
import { ABORT, ABORT_LIMITS } from '../support/killer.ts';
import { ask, until } from '../support/load.ts';
import { parsePrometheus, sampleOf } from '../support/prometheus.ts';

const KILLER = {
  name: 'killer',
  code: `export default { message: (msg) => (msg.text() === 'bad' ? ${ABORT} : 'good') };`,
  limits: ABORT_LIMITS,
};
const ANSWERED = { namespace: 'default', function: 'killer', status: 'ok' };

test('A quarantined function that is deployed anew keeps its counters, as any other does', async () => {
  await using world = await startTestHost({
    spareCells: 1,
    telemetry: { metrics: { host: '127.0.0.1', port: 0 }, reportMs: 50 },
  });
  const answered = async (): Promise<number> => {
    const response = await fetch(world.host.metricsUrl ?? '');
    return sampleOf(parsePrometheus(await response.text()), 'hairspring_invocations_total', ANSWERED);
  };
  await world.deploy(KILLER);
  for (let kill = 0; kill < 2; kill += 1) {
    await until('it is served', async () => (await ask(world.nc, 'killer')).outcome === 'ok');
    assert.equal((await ask(world.nc, 'killer', 'bad')).outcome, 'HS_FUNCTION_CRASHED');
  }
  await until(
    'it is served in a cell of its own',
    async () => (await ask(world.nc, 'killer')).outcome === 'ok',
  );
  for (let call = 0; call < 20; call += 1) assert.equal((await ask(world.nc, 'killer')).outcome, 'ok');
  await until('they are counted', async () => (await answered()) >= 20);
  await world.deploy(KILLER);
  assert.equal((await ask(world.nc, 'killer')).outcome, 'ok');
  await until('the quarantined cell is given up', async () => {
    const [summary] = await world.client().list();
    return summary?.metadata['hairspring_quarantined'] === undefined && world.host.cellPids().length === 2;
  });
  assert.ok((await answered()) >= 20, `${await answered()} are left`);
});
