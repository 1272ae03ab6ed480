/** A server whose users have the permissions of bindings, as the users of functions do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Binding } from '../../src/core/index.ts';
import { bindingPermissions } from '../../src/hostservices/permissions.ts';
import { connectTo, startTestNats, type TestNats } from './nats.ts';

export interface LimitedNats extends TestNats {
  /** A connection without limits. */
  connectAll(): Promise<NatsConnection>;
  /** The connection of the user of a binding, whose replies come below {@link inboxPrefixOf}. */
  connectAs(user: string): Promise<NatsConnection>;
}

export function inboxPrefixOf(user: string): string {
  return `_INBOX_${user}`;
}

/** Starts a server with a user for each binding, who is allowed what it needs and no more. */
export async function startLimitedNats(bindings: Readonly<Record<string, Binding>>): Promise<LimitedNats> {
  const users = Object.entries(bindings).map(([user, binding]) => ({
    user,
    password: 'secret',
    permissions: {
      publish: { allow: bindingPermissions(binding, 'default').publish },
      subscribe: { allow: [`${inboxPrefixOf(user)}.>`] },
    },
  }));
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-limited-'));
  const file = join(folder, 'nats.conf');
  const authorization = JSON.stringify({ users: [{ user: 'all', password: 'secret' }, ...users] });
  await writeFile(file, `authorization: ${authorization}\n`);
  try {
    const server = await startTestNats({ extraArguments: ['-c', file] });
    return {
      ...server,
      connectAll: () => connectTo(server, { user: 'all', pass: 'secret' }),
      connectAs: (user) => connectTo(server, { user, pass: 'secret', inboxPrefix: inboxPrefixOf(user) }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
