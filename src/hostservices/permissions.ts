import type { Binding } from '../core/index.ts';
import { kvPermissions } from './kv/permissions.ts';
import { messagingPermissions } from './messaging/permissions.ts';
import { objectStorePermissions } from './objectstore/permissions.ts';
import type { BindingPermissions } from './shared/permissions.ts';

const NONE: BindingPermissions = { publish: [] };

/** What the NATS user of a function must be allowed of a namespace for one of its bindings, and nothing beyond it. */
export function bindingPermissions(binding: Binding, namespace: string): BindingPermissions {
  switch (binding.service) {
    case 'kv':
      return kvPermissions(binding);
    case 'messaging':
      return messagingPermissions(binding, namespace);
    case 'objectstore':
      return objectStorePermissions(binding);
    case 'http':
    case 'secret':
      return NONE;
  }
}
