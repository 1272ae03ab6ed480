import { nuid as nuids } from '@nats-io/nuid';
import type { FoundMeta, ObjectMeta } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';
import { isFull } from './provider-errors.ts';

/** Leaves the mark by which other clients know that it was deleted; nothing happens when there is no such object. */
export async function deleteObject(bucket: ObjectBucket, name: string): Promise<void> {
  try {
    await bucket.replace(name, (former) => deletionOf(bucket.name, name, former));
  } catch (error) {
    if (!isFull(error)) throw error;
    // The mark needs room, which there is once the chunks are gone.
    await bucket.replace(name, async (former) => {
      const mark = deletionOf(bucket.name, name, former);
      if (mark !== undefined) await bucket.purge(mark.nuid);
      return mark;
    });
  }
}

function deletionOf(bucket: string, name: string, former: FoundMeta | undefined): ObjectMeta | undefined {
  if (former === undefined || former.meta?.deleted === true) return undefined;
  return {
    ...former.meta,
    name,
    bucket,
    nuid: former.meta?.nuid || nuids.next(),
    size: 0,
    chunks: 0,
    digest: '',
    mtime: new Date().toISOString(),
    deleted: true,
  };
}
