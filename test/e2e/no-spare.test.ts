import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestHost } from '../support/host.ts';

test('A host without spare cells starts one for each deployment that needs it', async () => {
  await using world = await startTestHost({ spareCells: 0 });
  const code = (text: string): string => `export default { message: () => '${text}' };`;
  await world.deploy({ name: 'one', code: code('one') });
  await world.deploy({ name: 'two', code: code('two') });
  await world.deploy({ name: 'one', code: code('again') });
  assert.equal((await world.nc.request('one', '', { timeout: 5_000 })).string(), 'again');
  assert.equal((await world.nc.request('two', '', { timeout: 5_000 })).string(), 'two');
});
