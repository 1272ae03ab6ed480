import { nuid as nuids } from '@nats-io/nuid';
import { HairspringError } from '../../core/index.ts';
import { checkName } from './grant.ts';
import { type FoundMeta, type ObjectInfo, toInfo } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';

/** The object of a name, or the link; undefined when there is none or it was deleted. */
export async function findInfo(bucket: ObjectBucket, name: string): Promise<ObjectInfo | undefined> {
  const found = await bucket.find(name);
  return found === undefined ? undefined : living(found, name);
}

/**
 * The object of a name, or the one that the link of that name points to. Links lead to objects of the same bucket and
 * no farther, for the grant covers nothing else.
 * @throws HS_OBJECT_LINK_DENIED
 */
export async function findObject(bucket: ObjectBucket, name: string): Promise<ObjectInfo | undefined> {
  const info = await findInfo(bucket, name);
  if (info === undefined || info.link === null) return info;
  const { bucket: linked, name: target } = info.link;
  const action = `follow link ${JSON.stringify(name)} of "${bucket.name}"`;
  if (linked !== bucket.name) throw denied(action, 'it leads to another object store');
  if (target === undefined) throw denied(action, 'it leads to no object');
  const object = await findInfo(bucket, target);
  if (object !== undefined && object.link !== null) throw denied(action, 'it leads to another link');
  return object;
}

/** @throws HS_OBJECT_LINK_DENIED, HS_OBJECT_MISSING, HS_OBJECT_NAME_INVALID */
export async function putLink(
  bucket: ObjectBucket,
  name: string,
  given: unknown,
  givenBucket: unknown,
): Promise<ObjectInfo> {
  const target = checkName('link', given);
  const action = `link ${JSON.stringify(name)} to ${JSON.stringify(target)} in "${bucket.name}"`;
  if (givenBucket !== undefined && givenBucket !== bucket.name)
    throw denied(action, 'the object is in another object store');
  const object = await findInfo(bucket, target);
  if (object === undefined)
    throw new HairspringError('HS_OBJECT_MISSING', `Cannot ${action}: there is no such object`);
  if (object.link !== null) throw denied(action, 'it is a link itself');
  const made = await bucket.replace(name, (former) => {
    const there = former?.meta;
    if (there !== undefined && there.deleted !== true && there.options?.link === undefined)
      throw denied(action, 'there is an object of that name');
    return {
      name,
      options: { link: { bucket: bucket.name, name: target } },
      bucket: bucket.name,
      nuid: nuids.next(),
      size: 0,
      chunks: 0,
      digest: '',
      mtime: new Date().toISOString(),
      deleted: false,
    };
  });
  if (made !== undefined) return toInfo(made, name);
  throw new HairspringError('HS_INTERNAL', `Cannot ${action}`);
}

function living(found: FoundMeta, name: string): ObjectInfo | undefined {
  const info = toInfo(found, `object ${JSON.stringify(name)}`);
  return info.deleted ? undefined : info;
}

function denied(action: string, reason: string): HairspringError {
  return new HairspringError('HS_OBJECT_LINK_DENIED', `Cannot ${action}: ${reason}`);
}
