import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  MAX_RECORDED_LINES,
  openRecording,
  RECORDING_FILE,
  readRecording,
} from '../../src/cli/bindings/recording.ts';
import type { HairspringError } from '../../src/core/index.ts';
import type { RecordedCall } from '../../src/host/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'hairspring-recording-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CALL: RecordedCall = {
  namespace: 'default',
  function: 'hello',
  label: 'STORE',
  service: 'kv',
  op: 'get',
  name: 'a',
  outcome: 'used',
};

test('A recording has each kind of call once, over several sessions, for its owner alone', () => {
  const dataDir = join(folder, 'once');
  assert.equal(readRecording(dataDir), undefined);
  const fail = (error: HairspringError): void => assert.fail(error);
  for (let session = 0; session < 2; session += 1) {
    const recording = openRecording(dataDir, fail);
    recording.add(CALL);
    recording.add({ ...CALL });
    recording.add({ ...CALL, outcome: 'denied' });
  }
  assert.deepEqual(readRecording(dataDir), { calls: [CALL, { ...CALL, outcome: 'denied' }], isFull: false });
  assert.equal(readFileSync(join(dataDir, RECORDING_FILE), 'utf8').split('\n').length, 3);
  if (process.platform !== 'win32') assert.equal(statSync(join(dataDir, RECORDING_FILE)).mode & 0o077, 0);
});

test('Lines that are none are left out', () => {
  const dataDir = join(folder, 'junk');
  openRecording(dataDir, () => undefined).add(CALL);
  appendFileSync(join(dataDir, RECORDING_FILE), 'no JSON\n{}\n[1]\n{"namespace":"x"\n');
  assert.deepEqual(readRecording(dataDir)?.calls, [CALL]);
});

test('A full recording takes no more, and says so once', () => {
  const dataDir = join(folder, 'full');
  openRecording(dataDir, () => undefined);
  const lines = Array.from({ length: MAX_RECORDED_LINES - 1 }, (_, index) =>
    JSON.stringify({ ...CALL, name: `k${index}` }),
  );
  writeFileSync(join(dataDir, RECORDING_FILE), `${lines.join('\n')}\n`);
  const errors: HairspringError[] = [];
  const recording = openRecording(dataDir, (error) => errors.push(error));
  for (const name of ['last', 'over', 'more']) recording.add({ ...CALL, name });
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['HS_DATA_DIR'],
  );
  const found = readRecording(dataDir);
  assert.deepEqual([found?.calls.length, found?.calls.at(-1)?.name], [MAX_RECORDED_LINES, 'last']);
  assert.equal(found?.isFull, true);
});

test('A recording that cannot be written is refused with the reason', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(() => openRecording(join(file, 'below'), () => undefined), { code: 'HS_DATA_DIR' });
});
