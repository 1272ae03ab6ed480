import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HairspringError, type Logger, systemClock } from '../../core/index.ts';
import { dieWithParent } from './die-with-parent.ts';
import { readServerInfo } from './server-info.ts';
import { listeningPort, parseServerLogLine, passOn } from './server-log.ts';
import { ensureWritable } from './store-dir.ts';

/** Until then it accepts clients. */
const START_TIMEOUT_MS = 30_000;

export interface NatsServerOptions {
  /** Path of the nats-server to run. */
  readonly binary: string;
  /** JetStream's folder; made if missing. One server at a time. */
  readonly storeDir: string;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Called with the process id at once, before the server does anything. */
  readonly onSpawn?: (pid: number) => void;
  /** More arguments for nats-server. */
  readonly extraArguments?: readonly string[];
}

export interface NatsServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A nats-server of ours. Disposing stops it cleanly (SIGTERM, after 5 s SIGKILL). Idempotent. */
export interface RunningNatsServer extends AsyncDisposable {
  /** `nats://127.0.0.1:4222` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<NatsServerExit>;
}

const STOP_GRACE_MS = 5_000;

/**
 * Starts nats-server with JetStream and waits until it accepts clients. It gets a process group of its own, so
 * that a Ctrl-C meant for us does not stop it under our feet, and ends when this process dies (see dieWithParent).
 * @throws HS_PORT_TAKEN, HS_DATA_DIR, HS_NATS_SERVER_MISSING (the binary does not run), HS_NATS_SERVER_FAILED
 */
export async function startNatsServer(options: NatsServerOptions): Promise<RunningNatsServer> {
  const { binary, storeDir, host = '127.0.0.1', port, logger } = options;
  await ensureWritable(storeDir);
  const command = await dieWithParent({
    file: binary,
    args: [
      '--addr',
      host,
      '--port',
      String(port === 0 ? -1 : port),
      '--jetstream',
      '--store_dir',
      storeDir,
      ...(options.extraArguments ?? []),
    ],
  });
  const child = spawn(command.file, command.args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const exited = exitOf(child);
  const stopWithUs = (): void => void child.kill('SIGTERM');
  process.once('exit', stopWithUs);
  void exited.then(() => process.off('exit', stopWithUs));
  const stop = createStop(child, exited, logger);
  try {
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    const boundPort = await waitUntilListening(child, options);
    const { version } = await readServerInfo(host, boundPort, START_TIMEOUT_MS);
    return {
      url: `nats://${host}:${boundPort}`,
      port: boundPort,
      pid: child.pid ?? 0,
      version,
      exited,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function exitOf(child: ChildProcess): Promise<NatsServerExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // No process came to be, so no exit will be told of.
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}

function createStop(
  child: ChildProcess,
  exited: Promise<NatsServerExit>,
  logger: Logger,
): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const stopOnce = async (): Promise<void> => {
    child.kill('SIGTERM');
    const cancel = systemClock.after(STOP_GRACE_MS, () => {
      logger.warn('nats-server did not stop in time and is killed', {
        pid: child.pid,
        graceMs: STOP_GRACE_MS,
      });
      child.kill('SIGKILL');
    });
    await exited;
    cancel();
  };
  return () => (stopped ??= stopOnce());
}

/** Resolves with the port that the server listens on; rejects with what the server says when it gives up. */
function waitUntilListening(child: ChildProcess, options: NatsServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    let lastWords = '';
    let listening = false;
    const cancel = systemClock.after(START_TIMEOUT_MS, () =>
      reject(startFailed(options, `it accepts no clients after ${START_TIMEOUT_MS / 1000} s`)),
    );
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        const parsed = parseServerLogLine(line) ?? { severity: 'INF', text: line };
        // Until it listens, what it complains of is in the error that startNatsServer throws.
        passOn(options.logger, listening ? parsed : { ...parsed, severity: 'INF' });
        if (parsed.text.trim() !== '') lastWords = parsed.text;
        const port = listeningPort(parsed.text);
        if (port === undefined) return;
        listening = true;
        cancel();
        resolve(port);
      });
    }
    child.once('error', (error) => {
      cancel();
      reject(
        new HairspringError('HS_NATS_SERVER_MISSING', `Cannot run "${options.binary}": ${error.message}`, {
          cause: error,
        }),
      );
    });
    child.once('close', () => {
      cancel();
      reject(startFailed(options, lastWords));
    });
  });
}

function startFailed(options: NatsServerOptions, lastWords: string): HairspringError {
  if (/address already in use/i.test(lastWords)) {
    return new HairspringError(
      'HS_PORT_TAKEN',
      `Cannot start nats-server on port ${options.port}: another program listens on it`,
      { hint: 'Choose another with --port, or 0 for any free one' },
    );
  }
  if (/start JetStream|storage directory|store directory/i.test(lastWords)) {
    return new HairspringError(
      'HS_DATA_DIR',
      `Cannot start nats-server on the data folder "${options.storeDir}": ${lastWords}`,
    );
  }
  if (/^setpriv: failed to execute/.test(lastWords)) {
    return new HairspringError('HS_NATS_SERVER_MISSING', `Cannot run "${options.binary}": ${lastWords}`);
  }
  return new HairspringError('HS_NATS_SERVER_FAILED', `Cannot start "${options.binary}": ${lastWords}`);
}
