import type { KvBinding } from '../../core/index.ts';
import type { BindingPermissions } from '../shared/permissions.ts';

/**
 * The least that the operations of a grant need (tried on nats-server 2.9.10, 2.10.27 and 2.15.1). Reading once
 * takes the stream's info, to learn how the bucket answers gets.
 */
export function kvPermissions({ bucket, access, keys }: KvBinding): BindingPermissions {
  const stream = `KV_${bucket}`;
  const subjects = `$KV.${bucket}.${keys}`;
  const read = [
    `$JS.API.DIRECT.GET.${stream}.${subjects}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.*.${subjects}`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.FC.${stream}.>`,
  ];
  const write = [subjects];
  return {
    publish: [
      `$JS.API.STREAM.INFO.${stream}`,
      ...(access === 'write' ? [] : read),
      ...(access === 'read' ? [] : write),
    ],
  };
}
