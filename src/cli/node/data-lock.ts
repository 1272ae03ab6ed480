import { join } from 'node:path';
import { HairspringError, systemClock } from '../../core/index.ts';
import { isTaken, type LockFile, type LockHolder, takeLockFile } from '../../host/index.ts';

/** A server that its node has left takes a moment to end, and as long as a node allows it. */
const SERVER_END_MS = 5_000;
const POLL_MS = 50;

/**
 * Takes a data folder for this process and its nats-server: a second one on it would damage its streams. Waits for a
 * server to end whose process is gone.
 * @throws HS_DATA_DIR when another process has it, or when it cannot be written
 */
export async function lockDataDir(dataDir: string): Promise<LockFile> {
  const untilMs = performance.now() + SERVER_END_MS;
  for (;;) {
    const lock = writing(dataDir, () => takeLockFile(join(dataDir, 'nats.lock')));
    if (isTaken(lock))
      return { ...lock, noteServer: (server) => writing(dataDir, () => lock.noteServer(server)) };
    if (!lock.isServer || performance.now() > untilMs) throw held(dataDir, lock);
    await systemClock.sleep(POLL_MS);
  }
}

function writing<Result>(dataDir: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HairspringError('HS_DATA_DIR', `Cannot write the data folder "${dataDir}": ${reason}`, {
      cause,
    });
  }
}

function held(dataDir: string, { pid, isServer }: LockHolder): HairspringError {
  const action = `Cannot use the data folder "${dataDir}"`;
  const file = join(dataDir, 'nats.lock');
  if (isServer)
    return new HairspringError(
      'HS_DATA_DIR',
      `${action}: the nats-server (process ${pid}) that a node left there still runs`,
      { hint: `Stop it with \`kill ${pid}\`; if that is no nats-server, remove "${file}"` },
    );
  return new HairspringError('HS_DATA_DIR', `${action}: process ${pid} uses it`, {
    hint: `Choose another with --data, or stop that process; if it is no Hairspring, remove "${file}"`,
  });
}
