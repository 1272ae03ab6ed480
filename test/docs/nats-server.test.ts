import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PINNED_RELEASE } from '../../src/host/nats-server/from-release.ts';

const DOCUMENT = readFileSync(new URL('../../docs/nats-server.md', import.meta.url), 'utf8');

test('The nats-server that is fetched is one that was tried and lacks nothing', () => {
  const [, versions = ''] = /^\| (.*) \| nothing that Hairspring uses \|$/m.exec(DOCUMENT) ?? [];
  const tried = versions.split(', ');
  assert.ok(tried.length > 3, versions);
  assert.ok(tried.includes(PINNED_RELEASE.version), `${PINNED_RELEASE.version} is not among ${versions}`);
  assert.ok(PINNED_RELEASE.baseUrl.endsWith(`/v${PINNED_RELEASE.version}`), PINNED_RELEASE.baseUrl);
  assert.ok(DOCUMENT.includes(`the official release ${PINNED_RELEASE.version}`));
});
