/** An object-store binding as a container of wasi:blobstore: its name is that of the binding. */
import type { Variant } from '../../codec.ts';
import { describeError, failed, type HostState, ok } from '../state.ts';

/** How much of a value goes to the host at once. */
export const PIECE_BYTES: number = 256 * 1024;

/** What the host tells of an object (hostservices/objectstore/meta.ts), as far as it is used here. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  readonly size: number;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly description: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

type Args = (string | number)[];

export class Container {
  readonly #label: string;

  constructor(label: string) {
    this.#label = label;
  }

  get label(): string {
    return this.#label;
  }

  call(op: string, args: Args, value?: Uint8Array): Promise<unknown> {
    return runtime.callHost(this.#label, op, args, value, (answer) => answer);
  }

  /** @throws HS_OBJECT_MISSING */
  async find(name: string): Promise<ObjectInfo> {
    const info = await this.call('get', [name]);
    if (info !== null) return info as ObjectInfo;
    throw refusal('HS_OBJECT_MISSING', `Cannot get ${this.shown(name)}: there is no such object`);
  }

  async has(name: string): Promise<boolean> {
    return (await this.call('get', [name])) !== null;
  }

  async names(): Promise<string[]> {
    return ((await this.call('list', [''])) as readonly ObjectInfo[]).map(({ name }) => name);
  }

  /** @returns the handle by which its content is read */
  async open({ name, revision }: ObjectInfo): Promise<number> {
    return (await this.call('open', [name, revision, 0])) as number;
  }

  /** @returns undefined at the end; the handle is then closed, as it is when this rejects */
  next(handle: number): Promise<Uint8Array | undefined> {
    return runtime.callHost(this.#label, 'next', [handle], undefined, (value, payload) =>
      value === null ? undefined : runtime.payloadBytes(payload),
    );
  }

  /** Gives up what is open. Never rejects. */
  async close(handle: number): Promise<void> {
    try {
      await this.call('close', [handle]);
    } catch {
      // The host closes it with the invocation.
    }
  }

  shown(name: string): string {
    return `object ${JSON.stringify(name)} of ${this.#label}`;
  }
}

/** The binding of a name. @throws HS_BINDING_DENIED */
export function containerOf({ bindings }: HostState, label: string): Container {
  if (Object.hasOwn(bindings, label) && bindings[label] === 'objectstore') return new Container(label);
  throw refusal(
    'HS_BINDING_DENIED',
    `Cannot get container ${JSON.stringify(label)}: the function has no object-store binding of that name`,
  );
}

/** What the component hears as an error, in the form of the host's own ones. */
export function refusal(code: string, message: string): Error {
  return new runtime.HostError(code, message, false);
}

/** What `work` gives; what is refused is a result that the component reads. */
export function settle(work: () => unknown): Variant {
  try {
    return ok(work());
  } catch (error) {
    return refused(error);
  }
}

/** The same for what waits. */
export async function attempt({ wait }: HostState, work: () => Promise<unknown>): Promise<Variant> {
  try {
    return ok(await wait(work));
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): Variant {
  if (error instanceof runtime.HostError) return failed(describeError(error));
  throw error;
}
