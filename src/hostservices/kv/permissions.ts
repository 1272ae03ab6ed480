import type { KvBinding } from '../../core/index.ts';
import type { BindingPermissions } from '../shared/permissions.ts';

/** A consumer that nobody has. Asking for it tells whether its stream exists, and nothing else. */
export const PROBE_CONSUMER = 'hairspring-probe';

/**
 * The least that the operations of a grant need. A grant of some keys has no right that the server does not hold to
 * them: neither `STREAM.MSG.GET`, which gives any message, nor `STREAM.INFO`, which lists all keys.
 */
export function kvPermissions({ bucket, access, keys }: KvBinding): BindingPermissions {
  const stream = `KV_${bucket}`;
  const subjects = `$KV.${bucket}.${keys}`;
  const read = [
    `$JS.API.DIRECT.GET.${stream}.${subjects}`,
    ...(keys === '>' ? [`$JS.API.STREAM.MSG.GET.${stream}`] : []),
    `$JS.API.CONSUMER.CREATE.${stream}.*.${subjects}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
  return {
    publish: [
      `$JS.API.CONSUMER.INFO.${stream}.${PROBE_CONSUMER}`,
      ...(access === 'write' ? [] : read),
      ...(access === 'read' ? [] : [subjects]),
    ],
  };
}
