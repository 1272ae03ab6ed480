/** HTTP requests whose cell dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';

const REQUESTS = 20;
const AT_ONCE = 4;

test('Of the requests to a cell that dies those that had begun are lost, the next cell runs the others, and each runs once', async () => {
  await using world = await startTestHost({
    spareCells: 1,
    http: { host: '127.0.0.1', port: 0, names: {}, ownNamespace: 'default' },
  });
  await world.deploy({
    name: 'slow',
    code: `export default { async fetch(request, env) {
      await env.BUS.publish('ran' + new URL(request.url).pathname.replaceAll('/', '.'), '');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return new Response('done');
    } };`,
    triggers: [{ http: { route: '/slow/:number' } }],
    bindings: { BUS: { publish: ['ran.slow.*'] } },
    limits: { concurrency: AT_ONCE, timeout: '10s' },
  });
  const ran: string[] = [];
  world.nc.subscribe('ran.slow.*', { callback: (_error, { subject }) => void ran.push(subject) });
  await world.nc.flush();
  let asked = 0;
  // Where the machine is too busy to have a cell ready in time, more of them are lost.
  const killOnce = async (): Promise<boolean> => {
    ran.length = 0;
    const answers = Array.from({ length: REQUESTS }, async () => {
      asked += 1;
      const response = await fetch(`${world.host.httpUrl}/slow/${asked}`);
      return response.headers.get('hairspring-error') ?? (await response.text());
    });
    await until('some have begun', () => ran.length >= AT_ONCE);
    process.kill(world.host.cellPids()[0] ?? 0, 'SIGKILL');
    const outcomes = Map.groupBy(await Promise.all(answers), (outcome) => outcome);
    const lost = outcomes.get('HS_CELL_LOST')?.length ?? 0;
    const done = outcomes.get('done')?.length ?? 0;
    await world.nc.flush();
    assert.equal(lost + done, REQUESTS);
    assert.ok(lost >= AT_ONCE);
    assert.equal(new Set(ran).size, ran.length);
    assert.equal(ran.length, done + AT_ONCE);
    return lost === AT_ONCE;
  };
  await until('the next cell runs all others', killOnce, { withinMs: 30_000 });
});
