import type { ChildMessage, CommandMap, CommandMessage } from './child.ts';

export type Handlers<Commands extends CommandMap<Commands>> = {
  readonly [Name in keyof Commands]: (params: Commands[Name]['params']) => Promise<Commands[Name]['result']>;
};

/** The options that the parent gave to this process. */
export function childOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options;
}

/**
 * Answers the parent's commands, one after the other or at once as they come, until the parent lets go; then
 * disposes and ends the process. A parent that dies lets go, too.
 */
export function serveParent<Commands extends CommandMap<Commands>>(
  handlers: Handlers<Commands>,
  dispose: () => Promise<void>,
): void {
  const answer = async ({ id, name, params }: CommandMessage): Promise<ChildMessage> => {
    try {
      const handler = handlers[name as keyof Commands];
      return { type: 'result', id, result: await handler(params) };
    } catch (error) {
      return { type: 'error', id, message: error instanceof Error ? error.message : String(error) };
    }
  };
  process.on('message', (message) => {
    void answer(message as CommandMessage).then((reply) => {
      if (process.connected) process.send?.(reply);
    });
  });
  // Ctrl-C and the end of a terminal reach the whole process group; the parent decides when it is over.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.once('disconnect', () => {
    dispose().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.send?.({ type: 'ready' } satisfies ChildMessage);
}
