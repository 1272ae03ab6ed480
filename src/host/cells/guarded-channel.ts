import type { ChildProcess } from 'node:child_process';
import { HairspringError } from '../../core/index.ts';

/** What is kept of a message that has not ended. */
const MAX_MESSAGE_BYTES = 64 * 1024 ** 2;

type Read = (this: unknown, ...given: unknown[]) => unknown;

function bySymbol(target: object, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(target).find(({ description }) => description === name);
  return symbol === undefined ? undefined : Reflect.get(target, symbol);
}

/**
 * Node reads the channel of a child process as one that runs Node and means well: bytes that are no
 * serialized value, or an acknowledgement that nobody waits for, end this process with an exception
 * that nobody can catch (lib/internal/child_process.js, `setupChannel`). So both ways in are caught here.
 */
export function guardChannel(child: ChildProcess, onBroken: (error: HairspringError) => void): void {
  const guard = (read: Read): Read =>
    function guarded(this: unknown, ...given) {
      try {
        return read.apply(this, given);
      } catch (error) {
        onBroken(HairspringError.from(error));
        return undefined;
      }
    };
  for (const listener of child.listeners('internalMessage')) {
    child.removeListener('internalMessage', listener as () => void);
    child.on('internalMessage', guard(listener as Read));
  }
  const handle = bySymbol(child, 'kChannelHandle');
  if (typeof handle !== 'object' || handle === null || !('onread' in handle)) return;
  const read = handle.onread as Read;
  handle.onread = guard(function readChannel(...given) {
    const result = read.apply(this, given);
    if (Number(bySymbol(handle, 'kMessageBufferSize')) > MAX_MESSAGE_BYTES)
      throw new HairspringError(
        'HS_INTERNAL',
        `Cannot read a message of more than ${MAX_MESSAGE_BYTES} bytes`,
      );
    return result;
  });
}
