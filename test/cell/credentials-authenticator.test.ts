import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import { credsAuthenticator } from '@nats-io/transport-node';
import { credentialsAuthenticator } from '../../src/cell/credentials-authenticator.ts';

function credentialsOf(jwt: string, seed: string): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

function newCredentials(): string {
  return credentialsOf('eyJ0.eyJq.c2ln', new TextDecoder().decode(createUser().getSeed()));
}

test('A server is answered as by the library itself', () => {
  const text = newCredentials();
  const ours = credentialsAuthenticator(() => text)('a nonce');
  assert.deepEqual(ours, credsAuthenticator(new TextEncoder().encode(text))('a nonce'));
});

test('Credentials that are renewed answer the next time', () => {
  let text = newCredentials();
  const authenticate = credentialsAuthenticator(() => text);
  const first = authenticate('one');
  text = newCredentials();
  assert.notDeepEqual(authenticate('one'), first);
});

test('What holds no seed is refused', () => {
  const authenticate = credentialsAuthenticator(() => credentialsOf('eyJ0.eyJq.c2ln', 'nothing'));
  assert.throws(() => authenticate('one'), /credentials cannot be parsed/);
});
