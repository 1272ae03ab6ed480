import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestNats, type TestNats } from '../../support/nats.ts';

/** A server with one user, ada with the password secret, who has `permissions` (of the server's configuration). */
export async function startGuardedNats(permissions: string): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-guarded-'));
  const file = join(folder, 'nats.conf');
  await writeFile(
    file,
    `authorization { users: [{ user: ada, password: secret, permissions: ${permissions} }] }\n`,
  );
  try {
    return await startTestNats({ extraArguments: ['-c', file] });
  } finally {
    await rm(folder, { recursive: true });
  }
}
