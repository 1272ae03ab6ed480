import type { ObjectStoreBinding } from '../../core/index.ts';
import type { BindingPermissions } from '../shared/permissions.ts';

/**
 * The least that the operations of a grant need. Who writes sees what is said of an object that is replaced, for its
 * chunks have to go, and not its content. The stream's info tells why nothing answers.
 */
export function objectStorePermissions({ bucket, access }: ObjectStoreBinding): BindingPermissions {
  const stream = `OBJ_${bucket}`;
  const read = [
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.*.$O.${bucket}.M.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
  const write = [`$O.${bucket}.C.*`, `$O.${bucket}.M.*`, `$JS.API.STREAM.PURGE.${stream}`];
  return {
    publish: [
      `$JS.API.STREAM.INFO.${stream}`,
      `$JS.API.DIRECT.GET.${stream}.$O.${bucket}.M.*`,
      ...(access === 'write' ? [] : read),
      ...(access === 'read' ? [] : write),
    ],
  };
}
