/** Objects from one container to another, which passes them through the function. */
import { type Container, type ObjectInfo, PIECE_BYTES } from './container.ts';

export interface Place {
  readonly container: Container;
  readonly name: string;
}

/** With what is said of it. */
export async function copyObject(from: Place, to: Place): Promise<void> {
  const info = await from.container.find(from.name);
  await copy(from.container, info, to);
}

/** @throws what copying or deleting does; in the latter case there are two of it */
export async function moveObject(from: Place, to: Place): Promise<void> {
  const info = await from.container.find(from.name);
  const made = await copy(from.container, info, to);
  // Two bindings may have the same bucket.
  if (made.bucket === info.bucket && made.name === from.name) return;
  await from.container.call('delete', [from.name]);
}

async function copy(source: Container, info: ObjectInfo, { container, name }: Place): Promise<ObjectInfo> {
  const { description, metadata } = info;
  const options = { description, metadata, headers: toRecord(info.headers) };
  const target = (await container.call('create', [name, JSON.stringify(options)])) as number;
  let opened: number | undefined;
  try {
    opened = await source.open(info);
    for (;;) {
      const chunk = await source.next(opened);
      if (chunk === undefined) break;
      for (let at = 0; at < chunk.length; at += PIECE_BYTES)
        await container.call('write', [target], chunk.subarray(at, at + PIECE_BYTES));
    }
  } catch (error) {
    if (opened !== undefined) await source.close(opened);
    await container.close(target);
    throw error;
  }
  return (await container.call('finish', [target])) as ObjectInfo;
}

function toRecord(pairs: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = pairs[at] as string;
    headers[name] ??= [];
    headers[name].push(pairs[at + 1] as string);
  }
  return headers;
}
