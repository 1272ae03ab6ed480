import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findFunction } from '../../../src/cli/bench/find-function.ts';
import { requestFor, whereOf } from '../../../src/cli/bench/request.ts';
import { HairspringError } from '../../../src/core/index.ts';

let folder = '';

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

const nexfile = (name: string, subject: string, bindings = '{}'): string => `name: ${name}
type: javascript
lifecycle: function
start_request:
  main: index.js
  triggers:
    - subject: ${subject}
  bindings: ${bindings}
`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-find-'));
  await write(
    'api/Nexfile',
    nexfile('api', 'api.{user}', '{ BUS: { call: [price, gone], publish: [done.>] } }'),
  );
  await write('price/Nexfile', nexfile('price', 'price', '{ BUS: { request: [rates.eur] } }'));
  await write('rates/Nexfile', nexfile('rates', 'rates.{currency}'));
  await write('audit/Nexfile', nexfile('audit', 'done.{what}'));
  await write('other/Nexfile', nexfile('other', 'other'));
  await write('broken/Nexfile', 'name: [');
});

after(() => rm(folder, { recursive: true, force: true }));

test('A function comes with those beside it that it calls or sends to, theirs too, and no others', async () => {
  const found = await findFunction(join(folder, 'api'));
  assert.equal(found.manifest.name, 'api');
  assert.deepEqual(found.needed.map(({ manifest }) => manifest.name).toSorted(), ['audit', 'price', 'rates']);
  assert.deepEqual(found.missing, ['gone']);
  assert.deepEqual((await findFunction(join(folder, 'other'))).needed, []);
});

test('A folder of several functions is refused with their paths', async () => {
  await rm(join(folder, 'broken'), { recursive: true });
  await assert.rejects(
    findFunction(folder),
    (error) =>
      HairspringError.is(error) &&
      error.code === 'HS_USAGE' &&
      /price \(.*price\/Nexfile\)/.test(error.hint ?? ''),
  );
});

test('Without options the fitting sample is sent, else a made-up subject; an option wins over both', async () => {
  const found = await findFunction(join(folder, 'api'));
  const text = async (
    options: Parameters<typeof requestFor>[1],
  ): Promise<readonly (string | undefined)[]> => {
    const { to, payload } = await requestFor(found, options);
    return [whereOf(to), new TextDecoder().decode(payload)];
  };
  assert.deepEqual(await text({}), ['api.user', '']);
  await write('api/samples.json', '[{"subject":"api.ada","payload":"{}"}]');
  assert.deepEqual(await text({}), ['api.ada', '{}']);
  assert.deepEqual(await text({ payload: 'x' }), ['api.ada', 'x']);
  assert.deepEqual(await text({ subject: 'api.bob' }), ['api.bob', '']);
  await write('payload.bin', 'from a file');
  assert.deepEqual(await text({ payloadFile: join(folder, 'payload.bin') }), ['api.ada', 'from a file']);
});

test('A subject that no trigger catches, or that has wildcards, is refused with the triggers', async () => {
  const found = await findFunction(join(folder, 'api'));
  for (const subject of ['other', 'api.*', 'api.a.b'])
    await assert.rejects(
      requestFor(found, { subject }),
      (error) => HairspringError.is(error) && error.hint === 'Its triggers are api.{user}',
      subject,
    );
});
