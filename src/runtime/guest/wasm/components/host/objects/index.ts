/** wasi:blobstore on object-store bindings: the name of a container is that of a binding. */
import type { Variant } from '../../codec.ts';
import { failed, type HostState, type HostTable, ok } from '../state.ts';
import { attempt, type Container, containerOf, refusal, settle } from './container.ts';
import { copyObject, moveObject, type Place } from './copy-object.ts';
import { IncomingValue } from './incoming-value.ts';
import { OutgoingValue } from './outgoing-value.ts';

/** Objects that are deleted at the same time. */
const DELETED_AT_ONCE = 16;

/** The names of objects, which all came at once. */
class ObjectNames {
  #rest: readonly string[];

  constructor(names: readonly string[]) {
    this.#rest = names;
  }

  take(count: bigint): readonly string[] {
    const names = this.#rest.slice(0, Number(count));
    this.#rest = this.#rest.slice(names.length);
    return names;
  }

  get isAtEnd(): boolean {
    return this.#rest.length === 0;
  }
}

async function deleteAll(container: Container, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += DELETED_AT_ONCE) {
    const some = names.slice(at, at + DELETED_AT_ONCE);
    await Promise.all(some.map((name) => container.call('delete', [name])));
  }
}

function placeOf(state: HostState, [label, name]: readonly [string, string]): Place {
  return { container: containerOf(state, label), name };
}

/** Buckets are made when the function is deployed. */
function refuse(action: string): (state: HostState, args: readonly [string]) => Variant {
  return (_state, [name]) =>
    settle(() => {
      throw refusal(
        'HS_BINDING_DENIED',
        `Cannot ${action} container ${JSON.stringify(name)}: that is not for functions; a binding in the Nexfile, such as ${name}: { objectstore: photos }, creates it at deploy`,
      );
    });
}

const STORE = 'wasi:blobstore/blobstore#';
const TYPES = 'wasi:blobstore/types#';
const CONTAINER = 'wasi:blobstore/container#[method]container.';
const NAMES = 'wasi:blobstore/container#[method]stream-object-names.';

type InContainer<Rest extends readonly unknown[] = readonly []> = readonly [Container, ...Rest];
type Places = readonly [readonly [string, string], readonly [string, string]];

/** What is done without the host. */
export const OBJECTS_AT_HAND: HostTable = {
  [`${STORE}get-container`]: (state, [label]: readonly [string]) => settle(() => containerOf(state, label)),
  [`${STORE}container-exists`]: ({ bindings }, [label]: readonly [string]) =>
    ok(Object.hasOwn(bindings, label) && bindings[label] === 'objectstore'),
  [`${STORE}create-container`]: refuse('create'),
  [`${STORE}delete-container`]: refuse('delete'),
  [`${CONTAINER}name`]: (_state, [container]: InContainer) => ok(container.label),
  // When a bucket was created is nothing that a binding tells.
  [`${CONTAINER}info`]: (_state, [container]: InContainer) => ok([container.label, 0n]),
  [`${NAMES}read-stream-object-names`]: (_state, [names, count]: readonly [ObjectNames, bigint]) =>
    ok([names.take(count), names.isAtEnd]),
  [`${NAMES}skip-stream-object-names`]: (_state, [names, count]: readonly [ObjectNames, bigint]) =>
    ok([BigInt(names.take(count).length), names.isAtEnd]),
  [`${TYPES}[static]outgoing-value.new-outgoing-value`]: (state) => new OutgoingValue(state),
  [`${TYPES}[method]outgoing-value.outgoing-value-write-body`]: (
    _state,
    [value]: readonly [OutgoingValue],
  ) => {
    const body = value.takeBody();
    return body === undefined ? failed() : ok(body);
  },
  [`${TYPES}[method]incoming-value.size`]: (_state, [value]: readonly [IncomingValue]) => BigInt(value.size),
};

/** What waits for it. */
export const OBJECTS: HostTable = {
  [`${CONTAINER}get-data`]: (
    state,
    [container, name, start, end]: InContainer<readonly [string, bigint, bigint]>,
  ) => attempt(state, async () => new IncomingValue(container, await container.find(name), start, end)),
  [`${CONTAINER}write-data`]: (
    state,
    [container, name, value]: InContainer<readonly [string, OutgoingValue]>,
  ) => attempt(state, () => value.sendTo(container, name)),
  [`${CONTAINER}list-objects`]: (state, [container]: InContainer) =>
    attempt(state, async () => new ObjectNames(await container.names())),
  [`${CONTAINER}delete-object`]: (state, [container, name]: InContainer<readonly [string]>) =>
    attempt(state, () => container.call('delete', [name])),
  [`${CONTAINER}delete-objects`]: (state, [container, names]: InContainer<readonly [readonly string[]]>) =>
    attempt(state, () => deleteAll(container, names)),
  [`${CONTAINER}has-object`]: (state, [container, name]: InContainer<readonly [string]>) =>
    attempt(state, () => container.has(name)),
  [`${CONTAINER}object-info`]: (state, [container, name]: InContainer<readonly [string]>) =>
    attempt(state, async () => {
      const { size, modified } = await container.find(name);
      return [name, container.label, BigInt(Math.floor(modified / 1000)), BigInt(size)];
    }),
  [`${CONTAINER}clear`]: (state, [container]: InContainer) =>
    attempt(state, async () => deleteAll(container, await container.names())),
  [`${STORE}copy-object`]: (state, [from, to]: Places) =>
    attempt(state, async () => copyObject(placeOf(state, from), placeOf(state, to))),
  [`${STORE}move-object`]: (state, [from, to]: Places) =>
    attempt(state, async () => moveObject(placeOf(state, from), placeOf(state, to))),
  [`${TYPES}[static]incoming-value.incoming-value-consume-sync`]: (
    state,
    [value]: readonly [IncomingValue],
  ) => attempt(state, () => value.bytes()),
  [`${TYPES}[static]incoming-value.incoming-value-consume-async`]: (
    state,
    [value]: readonly [IncomingValue],
  ) => attempt(state, () => value.open()),
  [`${TYPES}[static]outgoing-value.finish`]: (state, [value]: readonly [OutgoingValue]) =>
    attempt(state, () => value.finish()),
};
