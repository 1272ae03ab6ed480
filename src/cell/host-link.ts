import type { Socket } from 'node:net';
import {
  type CellCommandName,
  type CellCommands,
  type CellToHost,
  HairspringError,
  type HostToCell,
} from '../core/index.ts';

/** What a cell does for each command. */
export type CommandHandlers = {
  readonly [Name in CellCommandName]: (
    params: CellCommands[Name]['params'],
  ) => CellCommands[Name]['result'] | Promise<CellCommands[Name]['result']>;
};

export type HttpRequestsMessage = Extract<HostToCell, { type: 'requests' }>;
type DialResult = Extract<HostToCell, { type: 'socket' | 'dial-failed' }>;

interface PendingDial {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: Error) => void;
}

/** The cell's end of the IPC channel to the host. */
export class HostLink {
  readonly #dials = new Map<number, PendingDial>();
  #lastDialId = 0;

  send(message: CellToHost): void {
    if (process.connected) process.send?.(message);
  }

  /** As {@link HostLink.send}; resolves when the channel has taken the message, or never will. */
  sent(message: CellToHost): Promise<void> {
    return new Promise((resolve) => {
      if (process.connected && process.send !== undefined)
        process.send(message, undefined, undefined, () => resolve());
      else resolve();
    });
  }

  /** Asks the host for a socket to `host:port`. */
  readonly dial = async (host: string, port: number): Promise<Socket> => {
    this.#lastDialId += 1;
    const dialId = this.#lastDialId;
    return new Promise((resolve, reject) => {
      this.#dials.set(dialId, { resolve, reject });
      this.send({ type: 'dial', dialId, host, port });
    });
  };

  listen(handlers: CommandHandlers, onRequests: (message: HttpRequestsMessage) => void): void {
    process.on('message', (message: HostToCell, handle: unknown) => {
      if (message.type === 'requests') onRequests(message);
      else if (message.type === 'command') void this.#run(handlers, message);
      else this.#onDial(message, handle as Socket | undefined);
    });
    // Without its host a cell has no purpose, and nobody would answer for it.
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  }

  async #run(handlers: CommandHandlers, command: Extract<HostToCell, { type: 'command' }>): Promise<void> {
    const { requestId, name, params } = command;
    try {
      // The command's name and params come from the same entry of CellCommands.
      const handler = handlers[name] as (params: unknown) => unknown;
      this.send({ type: 'reply', requestId, ok: true, result: await handler(params) });
    } catch (error) {
      this.send({ type: 'reply', requestId, ok: false, error: HairspringError.from(error).toWire() });
    }
  }

  #onDial(message: DialResult, socket: Socket | undefined): void {
    const pending = this.#dials.get(message.dialId);
    this.#dials.delete(message.dialId);
    if (pending === undefined) {
      socket?.destroy();
      return;
    }
    if (message.type === 'socket' && socket !== undefined) {
      socket.setNoDelay(true);
      pending.resolve(socket);
      return;
    }
    const detail = message.type === 'dial-failed' ? message.message : 'the socket did not arrive';
    const error = Object.assign(new HairspringError('HS_NATS_UNREACHABLE', `Cannot connect: ${detail}`), {});
    pending.reject(error);
  }
}
