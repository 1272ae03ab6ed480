import type { MessagingBinding } from '../../core/index.ts';
import type { BindingPermissions } from '../shared/permissions.ts';

export function messagingPermissions({ publish, request }: MessagingBinding): BindingPermissions {
  return { publish: [...new Set([...publish, ...request])] };
}
