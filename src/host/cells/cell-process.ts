import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import {
  CELL_TRANSITIONS,
  type CellCommandName,
  type CellCommands,
  type CellOptions,
  type CellState,
  type CellToHost,
  HairspringError,
  type HostToCell,
  isTransition,
  type Logger,
} from '../../core/index.ts';
import { cellEntry, cellFlags } from './cell-flags.ts';
import { dialPaused } from './held-socket.ts';
import { JournalFile } from './journal-file.ts';

/** Descriptor at which a cell finds its journal: after stdin, stdout, stderr and the IPC channel. */
const JOURNAL_FD = 4;
/** Last words of a cell that are kept, for the log. */
const MAX_STDERR_CHARS = 4_096;

/** The line that says why a process ended, without stack and without more than fits a log line. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling =
    lines.find((line) => /^(?:\w*Error\b|# Fatal|FATAL ERROR)/.test(line)) ?? lines.at(-1) ?? '';
  return telling.slice(0, 300);
}

export interface CellExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

interface PendingCommand {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HairspringError) => void;
}

/** One cell process, its journal and the duplicate of its NATS socket. */
export class CellProcess {
  readonly id: string;
  readonly journal = new JournalFile();
  readonly ready: Promise<void>;
  readonly exited: Promise<CellExit>;
  readonly #child: ChildProcess;
  readonly #logger: Logger;
  readonly #pending = new Map<number, PendingCommand>();
  #held: Socket | undefined;
  #lastRequestId = 0;
  #state: CellState = 'starting';
  #stderr = '';

  constructor(options: Omit<CellOptions, 'journalFd'>, logger: Logger) {
    this.id = options.cellId;
    this.#logger = logger;
    const cellOptions: CellOptions = { ...options, journalFd: JOURNAL_FD };
    this.#child = fork(cellEntry(), [JSON.stringify(cellOptions)], {
      execArgv: cellFlags(options.artifactDir),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', this.journal.fd],
      // Nothing of the host's environment reaches a cell.
      env: {},
      // A Ctrl-C at the terminal is the host's to handle: it drains the cell first.
      detached: true,
    });
    const child = this.#child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARS);
      });
    }
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message: CellToHost) => {
        if (message.type !== 'ready') return;
        this.#moveTo('spare');
        resolve();
      });
      child.once('exit', () =>
        reject(
          new HairspringError(
            'HS_CELL_LOST',
            `Cell ${this.id} ended before it was ready: ${lastWords(this.#stderr.trim())}`,
          ),
        ),
      );
      child.once('error', (cause) =>
        reject(
          new HairspringError('HS_INTERNAL', `Cannot start cell ${this.id}: ${cause.message}`, { cause }),
        ),
      );
    });
    this.ready.catch(() => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#moveTo('dead');
        this.#failPending();
        resolve({ code, signal, stderr: lastWords(this.#stderr.trim()) });
      });
    });
    child.on('message', (message: CellToHost) => this.#onMessage(message));
    child.on('error', () => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get state(): CellState {
    return this.#state;
  }

  #moveTo(state: CellState): void {
    if (isTransition(CELL_TRANSITIONS, this.#state, state)) this.#state = state;
  }

  #onMessage(message: CellToHost): void {
    switch (message.type) {
      case 'reply': {
        const pending = this.#pending.get(message.requestId);
        this.#pending.delete(message.requestId);
        if (message.ok) pending?.resolve(message.result);
        else pending?.reject(HairspringError.fromWire(message.error));
        return;
      }
      case 'dial':
        void this.#dial(message.dialId, message.host, message.port);
        return;
      case 'log':
        this.#logger[message.record.level](message.record.message, {
          cell: this.id,
          ...message.record.fields,
        });
        return;
      case 'closed':
        this.#logger.warn('A cell lost its NATS connection for good', {
          cell: this.id,
          reason: message.reason,
        });
        this.kill();
        return;
      case 'ready':
        return;
    }
  }

  async #dial(dialId: number, host: string, port: number): Promise<void> {
    try {
      const socket = await dialPaused(host, port);
      this.#held?.destroy();
      this.#held = socket;
      this.#send({ type: 'socket', dialId }, socket);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      this.#send({
        type: 'dial-failed',
        dialId,
        code,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #send(message: HostToCell, socket?: Socket): void {
    if (!this.#child.connected) return;
    // `keepOpen` leaves this process its duplicate of the socket.
    if (socket === undefined) this.#child.send(message, () => undefined);
    else this.#child.send(message, socket, { keepOpen: true }, () => undefined);
  }

  /** @throws what the cell answers, or HS_CELL_LOST when it dies first */
  async command<Name extends CellCommandName>(
    name: Name,
    params: CellCommands[Name]['params'],
  ): Promise<CellCommands[Name]['result']> {
    if (this.#state === 'dead') throw new HairspringError('HS_CELL_LOST', `Cell ${this.id} is dead`);
    if (name === 'assign') this.#moveTo('assigned');
    if (name === 'drain') this.#moveTo('draining');
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    const result = new Promise<unknown>((resolve, reject) =>
      this.#pending.set(requestId, { resolve, reject }),
    );
    // The name and its params come from the same entry of CellCommands.
    this.#send({ type: 'command', requestId, name, params } as HostToCell);
    return (await result) as CellCommands[Name]['result'];
  }

  #failPending(): void {
    for (const { reject } of this.#pending.values())
      reject(new HairspringError('HS_CELL_LOST', `Cell ${this.id} died`));
    this.#pending.clear();
  }

  /** The duplicate of the dead cell's socket; the caller owns it. */
  takeSocket(): Socket | undefined {
    const socket = this.#held;
    this.#held = undefined;
    return socket;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process at once and frees what belonged to it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== 'dead') this.kill();
    await this.exited;
    this.#held?.destroy();
    this.journal[Symbol.dispose]();
  }
}
