import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCurve } from '@nats-io/nkeys';
import { CellSecrets } from '../../src/cell/secrets/index.ts';
import { sealSecret } from '../../src/control/index.ts';
import type { FunctionSpec, SealedSecret } from '../../src/core/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { createSpec } from '../support/spec.ts';

const curve = createCurve();
const seed = new TextDecoder().decode(curve.getSeed());
const clock = createManualClock();
const secrets = new CellSecrets('default', seed, clock);

function sealed(name: string, validMs?: number): SealedSecret {
  const setAt = new Date(clock.now());
  const notAfter = validMs === undefined ? undefined : new Date(clock.now() + validMs);
  return sealSecret(
    { namespace: 'default', name, value: `value of ${name}`, setAt, notAfter },
    curve.getPublicKey(),
  );
}

const boundTo = (name: string, secret: string): FunctionSpec =>
  createSpec({
    name,
    bindings: {
      KEY: { service: 'secret', secret },
      BUS: { service: 'messaging', publish: ['a'], request: [], call: [] },
    },
    environment: { LEVEL: 'info' },
  });

test('A function gets the values beside its environment, and no binding of them', () => {
  const [prepared] = secrets.prepare([boundTo('one', 'a')], [sealed('a'), sealed('b')], false);
  assert.deepEqual(prepared?.spec.environment, { LEVEL: 'info', KEY: 'value of a' });
  assert.deepEqual(Object.keys(prepared?.spec.bindings ?? {}), ['BUS']);
  assert.equal(prepared?.own.redact?.('the value of a'), 'the [secret KEY]');
});

test('A function without secrets is left as it is', () => {
  const spec = createSpec();
  const [prepared] = secrets.prepare([spec], [], false);
  assert.equal(prepared?.spec, spec);
  assert.deepEqual(prepared?.own, {});
});

test('When a cell takes the place of another, what does not open is the loss of its own function only', () => {
  const brief = sealed('brief', 1_000);
  const given = [sealed('a'), brief];
  const specs = [boundTo('hasty', 'brief'), boundTo('calm', 'a'), boundTo('poor', 'absent')];
  clock.advance(1_000);
  assert.throws(() => secrets.prepare(specs, given, false), { code: 'HS_SECRET_EXPIRED' });
  const [hasty, calm, poor] = secrets.prepare(specs, given, true);
  assert.throws(() => hasty?.own.readCode?.(specs[0] ?? createSpec()), { code: 'HS_SECRET_EXPIRED' });
  assert.equal(calm?.spec.environment['KEY'], 'value of a');
  assert.equal(calm?.own.readCode, undefined);
  assert.throws(() => poor?.own.readCode?.(specs[2] ?? createSpec()), { code: 'HS_SECRET_MISSING' });
});
