import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import {
  CELL_TRANSITIONS,
  type CellCommandName,
  type CellCommands,
  type CellOptions,
  type CellState,
  type CellToHost,
  type Clock,
  HairspringError,
  type HostToCell,
  type HttpAsk,
  isTransition,
  type Logger,
  orLate,
  systemClock,
  type TelemetryReport,
} from '../../core/index.ts';
import { parseCellMessage, parseCellResult } from './cell-messages.ts';
import { type AskedRequest, CellRequests } from './cell-requests.ts';
import { forkCell } from './fork-cell.ts';
import { guardChannel } from './guarded-channel.ts';
import { dialPaused } from './held-socket.ts';
import { JournalFile } from './journal-file.ts';
import { lastWords } from './last-words.ts';

/** Last words of a cell that are kept, for the log. */
const MAX_STDERR_CHARS = 4_096;
/** A cell that takes longer over a command than this is stuck, and ended. */
const COMMAND_TIMEOUT_MS = 30_000;
/** They wait for guest code; whoever asks for them sets the deadline. */
const UNTIMED: ReadonlySet<CellCommandName> = new Set(['deactivate', 'drain']);

export interface CellExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** Why the watchdog ended it, one of KILL_REASONS; 0 when that was not the watchdog. */
  readonly killReason: number;
}

/** A debugger attached to a function. */
export interface InspectSession {
  /** Passes a message of the Chrome DevTools Protocol to the function's isolate. */
  send(message: string): void;
  /** Idempotent. */
  close(): void;
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
  /** Told what the cell reports of its work. */
  onTelemetry: (report: TelemetryReport) => void = () => undefined;
  readonly #child: ChildProcess;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<CellExit>();
  readonly #pending = new Map<number, PendingCommand>();
  readonly #requests = new CellRequests((message) => this.#send(message));
  /** Who hears of debugger sessions; null tells that one is over. */
  readonly #inspectors = new Map<number, (message: string | null) => void>();
  #lastSessionId = 0;
  #held: Socket | undefined;
  #newestDialId = 0;
  #lastRequestId = 0;
  #state: CellState = 'starting';
  #stderr = '';

  /** @throws when the system refuses a process or a file at once; most refusals end `ready` instead */
  constructor(options: Omit<CellOptions, 'journalFd'>, logger: Logger, clock: Clock = systemClock) {
    this.id = options.cellId;
    this.#logger = logger;
    this.#clock = clock;
    this.ready = this.#ready.promise;
    this.exited = this.#exited.promise;
    this.ready.catch(() => undefined);
    try {
      this.#child = forkCell(options, this.journal.fd);
    } catch (error) {
      this.journal[Symbol.dispose]();
      throw error;
    }
    const child = this.#child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-MAX_STDERR_CHARS);
      });
    }
    guardChannel(child, (error) => this.#refuse(error));
    child.on('message', (message: unknown) => this.#onMessage(message));
    // Without the channel it cannot be told anything any more.
    child.once('disconnect', () => this.kill());
    child.once('exit', (code, signal) => {
      const stderr = lastWords(this.#stderr);
      const message = `Cell ${this.id} ended before it was ready: ${stderr || (signal ?? `exit code ${code}`)}`;
      this.#onEnd({ code, signal, stderr }, new HairspringError('HS_CELL_START', message));
    });
    child.on('error', (cause) => {
      // A process that could not be started has no end to wait for.
      if (child.pid !== undefined) return;
      const message = `Cannot start cell ${this.id}: ${cause.message}`;
      this.#onEnd(
        { code: null, signal: null, stderr: cause.message },
        new HairspringError('HS_CELL_START', message, { cause }),
      );
    });
  }

  #onEnd(exit: Omit<CellExit, 'killReason'>, notReady: HairspringError): void {
    this.#moveTo('dead');
    this.#ready.reject(notReady);
    for (const { reject } of this.#pending.values())
      reject(new HairspringError('HS_CELL_LOST', `Cell ${this.id} died`));
    this.#pending.clear();
    this.#requests.fail(new HairspringError('HS_CELL_LOST', `Cell ${this.id} died`));
    for (const listen of this.#inspectors.values()) listen(null);
    this.#inspectors.clear();
    this.#exited.resolve({ ...exit, killReason: this.journal.killReason });
  }

  /** Undefined when there is no process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get state(): CellState {
    return this.#state;
  }

  #moveTo(state: CellState): void {
    if (isTransition(CELL_TRANSITIONS, this.#state, state)) this.#state = state;
  }

  #onMessage(value: unknown): void {
    if (this.#state === 'dead') return;
    try {
      this.#onCellMessage(parseCellMessage(value));
    } catch (error) {
      this.#refuse(HairspringError.from(error));
    }
  }

  /** Ends a cell that says what no cell says. */
  #refuse({ message }: HairspringError): void {
    this.#logger.error('A cell sent what cannot be read and is ended', { cell: this.id, error: message });
    this.kill();
  }

  #onCellMessage(message: CellToHost): void {
    switch (message.type) {
      case 'ready':
        this.#moveTo('spare');
        this.#ready.resolve();
        return;
      case 'reply': {
        const pending = this.#pending.get(message.requestId);
        this.#pending.delete(message.requestId);
        if (message.ok) pending?.resolve(message.result);
        else pending?.reject(HairspringError.fromWire(message.error));
        return;
      }
      case 'answers':
        this.#requests.answered(message.answers);
        return;
      case 'dial':
        void this.#dial(message.dialId, message.host, message.port);
        return;
      case 'log':
        this.#logger[message.record.level](message.record.message, {
          ...message.record.fields,
          cell: this.id,
        });
        return;
      case 'inspected':
        this.#inspectors.get(message.sessionId)?.(message.message);
        if (message.message === null) this.#inspectors.delete(message.sessionId);
        return;
      case 'closed':
        this.#logger.warn('A cell lost its NATS connection for good', {
          cell: this.id,
          reason: message.reason,
        });
        this.kill();
        return;
      case 'telemetry':
        this.onTelemetry(message.report);
        return;
    }
  }

  async #dial(dialId: number, host: string, port: number): Promise<void> {
    // A cell that dials has given up its last connection; the server must not go on sending into the duplicate.
    this.takeSocket()?.destroy();
    this.#newestDialId = dialId;
    try {
      const socket = await dialPaused(host, port);
      if (this.#state === 'dead') {
        socket.destroy();
        return;
      }
      if (this.#newestDialId !== dialId) {
        socket.destroy();
        throw new HairspringError('HS_NATS_UNREACHABLE', 'another connection was asked for meanwhile');
      }
      this.takeSocket()?.destroy();
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

  /** @throws what the cell answers, or HS_CELL_LOST when it dies first or is ended for taking too long */
  async command<Name extends CellCommandName>(
    name: Name,
    params: CellCommands[Name]['params'],
  ): Promise<CellCommands[Name]['result']> {
    if (this.#state === 'dead') throw new HairspringError('HS_CELL_LOST', `Cell ${this.id} is dead`);
    if (name === 'assign') this.#moveTo('assigned');
    if (name === 'drain') this.#moveTo('draining');
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(requestId, { resolve, reject });
    // What was accepted before an undeploy or a drain is not to come behind it.
    this.#requests.flush();
    // The name and its params come from the same entry of CellCommands.
    this.#send({ type: 'command', requestId, name, params } as HostToCell);
    const answer = UNTIMED.has(name) ? promise : this.#within(promise, requestId, name);
    const result = await answer;
    try {
      return parseCellResult(name, result);
    } catch (error) {
      this.#refuse(HairspringError.from(error));
      throw error;
    }
  }

  async #within(answer: Promise<unknown>, requestId: number, name: CellCommandName): Promise<unknown> {
    const result = await orLate(answer, this.#clock, COMMAND_TIMEOUT_MS);
    if (result !== 'late') return result;
    this.#pending.delete(requestId);
    const message = `Cell ${this.id} did not answer "${name}" within ${COMMAND_TIMEOUT_MS} ms and is ended`;
    this.#logger.error(message, { cell: this.id });
    this.kill();
    throw new HairspringError('HS_CELL_LOST', message);
  }

  /** What `value` settles to. @throws HS_CELL_LOST as soon as the cell dies */
  async whileAlive<Value>(value: Promise<Value>): Promise<Value> {
    const died = this.exited.then((): never => {
      throw new HairspringError('HS_CELL_LOST', `Cell ${this.id} died`);
    });
    return await Promise.race([value, died]);
  }

  /** Hands an HTTP request to a function of this cell. @throws HS_CELL_LOST when it is dead already */
  ask(ask: HttpAsk): AskedRequest {
    if (this.#state === 'dead') throw new HairspringError('HS_CELL_LOST', `Cell ${this.id} is dead`);
    return this.#requests.ask(ask);
  }

  /** Begins a debugger's session with a function of this cell; `listen` hears null when it is over. */
  async inspect(id: string, listen: (message: string | null) => void): Promise<InspectSession> {
    this.#lastSessionId += 1;
    const sessionId = this.#lastSessionId;
    this.#inspectors.set(sessionId, listen);
    await this.command('inspect', { sessionId, id, action: 'open', message: '' });
    const tell = (action: 'message' | 'close', message: string): void => {
      this.command('inspect', { sessionId, id, action, message }).catch(() => undefined);
    };
    return {
      send: (message) => tell('message', message),
      close: () => {
        if (this.#inspectors.delete(sessionId)) tell('close', '');
      },
    };
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
