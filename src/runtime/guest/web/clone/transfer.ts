import { isDetached, isPort, type MessagePort, movePort, reservePort } from './message-port.ts';
import { clone, type Memory, refuse } from './serialize.ts';

/**
 * Clones `value`, and moves what `transfer` lists instead of copying it.
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializewithtransfer
 * @throws DataCloneError, and then nothing has been moved
 */
export function cloneWithTransfer(value: unknown, transfer: readonly unknown[]): unknown {
  const memory: Memory = new Map();
  const ports = new Map<MessagePort, MessagePort>();
  const buffers = new Set<ArrayBuffer>();
  for (const each of transfer) {
    if (memory.has(each)) refuse('What is listed twice');
    if (each instanceof ArrayBuffer) {
      // Stands for itself until nothing can fail any more.
      memory.set(each, each);
      buffers.add(each);
    } else if (isPort(each)) {
      if (isDetached(each)) refuse('A detached port');
      ports.set(each, reservePort());
      memory.set(each, ports.get(each));
    } else refuse('What cannot be transferred');
  }
  const copy = clone(value, memory);
  for (const buffer of buffers) if (buffer.detached) refuse('A detached ArrayBuffer');
  for (const [from, to] of ports) movePort(from, to);
  return buffers.size === 0 ? copy : moveBuffers(copy, buffers, memory);
}

function moveBuffers(copy: unknown, buffers: ReadonlySet<ArrayBuffer>, memory: Memory): unknown {
  const views = [...memory.values()].filter(
    (each): each is Uint8Array => ArrayBuffer.isView(each) && buffers.has(each.buffer as ArrayBuffer),
  );
  const places = views.map((view) => ({
    view,
    type: view.constructor as Uint8ArrayConstructor,
    offset: view.byteOffset,
    length: view instanceof DataView ? view.byteLength : view.length,
    buffer: view.buffer,
  }));
  const moved = new Map<unknown, unknown>();
  for (const buffer of buffers) moved.set(buffer, buffer.transfer());
  for (const { view, type, buffer, offset, length } of places)
    moved.set(view, new type(moved.get(buffer) as ArrayBuffer, offset, length));
  for (const each of memory.values()) replaceWithin(each, moved);
  return moved.get(copy) ?? copy;
}

/** Puts what has been moved where it stood, in one container of our own making. */
function replaceWithin(container: unknown, moved: ReadonlyMap<unknown, unknown>): void {
  if (typeof container !== 'object' || container === null || moved.has(container)) return;
  if (container instanceof Map) {
    const entries = [...container];
    container.clear();
    for (const [key, value] of entries) container.set(moved.get(key) ?? key, moved.get(value) ?? value);
  } else if (container instanceof Set) {
    const values = [...container];
    container.clear();
    for (const value of values) container.add(moved.get(value) ?? value);
  } else if (!ArrayBuffer.isView(container)) {
    for (const key of Object.getOwnPropertyNames(container)) {
      const replacement = moved.get(Object.getOwnPropertyDescriptor(container, key)?.value);
      if (replacement !== undefined) Reflect.set(container, key, replacement);
    }
  }
}
