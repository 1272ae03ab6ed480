import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SYSTEM_NAMESPACE, subjectCovers } from '../../src/core/index.ts';
import { NODE_EXPORTS, namespaceClaims } from '../../src/host/accounts/namespace-claims.ts';
import { createOperator } from '../../src/host/accounts/operator.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { startServedNode } from '../control/support/served-node.ts';

const CONTROL = '$NEX.SVC.*.control.';
/** Not for those who own a namespace. */
const NODES_ONLY = ['SetLameduck', 'GetAgentIdByName', 'OpenNamespace'];

test('A namespace reaches every endpoint that a node has for namespaces, its own part of it, and nothing else', async () => {
  await using served = await startServedNode();
  const info = await served.nc.request('$SRV.INFO.nexnode', '', { timeout: 5_000 });
  const { endpoints } = info.json<{ endpoints: readonly { name: string; subject: string }[] }>();
  const operator = createOperator(createSigningKey('operator').seed);
  const imports = (namespaceClaims(operator, 'red').imports ?? []).filter(({ kind }) => kind === 'service');
  assert.ok(endpoints.length > 12, `${endpoints.length} endpoints seen`);
  for (const { name, subject } of endpoints) {
    const own = subject.replace(CONTROL, '$NEX.SVC.red.control.');
    const isReached = imports.some((one) => subjectCovers(one.subject, own));
    assert.equal(isReached, !NODES_ONLY.includes(name), `${name} ${subject}`);
  }
  for (const { subject } of imports) {
    const [, , namespace] = subject.split('.');
    assert.ok(namespace === 'red' || namespace === SYSTEM_NAMESPACE, subject);
    assert.ok(!subjectCovers(subject, '$NEX.SVC.red.control.HS.INVOKE.f'), subject);
  }
});

test('docs/accounts.md has every import and export that a foreign cluster needs, and no other', () => {
  const text = readFileSync(new URL('../../docs/accounts.md', import.meta.url), 'utf8');
  const operator = createOperator(createSigningKey('operator').seed);
  const wanted = (namespaceClaims(operator, 'red').imports ?? []).map(({ subject }) => subject);
  const listed = [...text.matchAll(/^(?:nsc add import.* ')?(\$NEX\.[^'\n]+)'?$/gm)].map(
    ([, subject]) => subject,
  );
  assert.deepEqual(listed, wanted);
  for (const { subject } of NODE_EXPORTS) assert.ok(text.includes(`--subject '${subject}'`), subject);
});
