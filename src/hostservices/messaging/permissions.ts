import { hairspringSubjects, type MessagingBinding } from '../../core/index.ts';
import type { BindingPermissions } from '../shared/permissions.ts';

/** Acknowledgements of streams and replies come to the private inbox, so the subjects themselves are all. */
export function messagingPermissions(
  { publish, request, call }: MessagingBinding,
  namespace: string,
): BindingPermissions {
  const invokes = call.map((name) => hairspringSubjects.invoke(namespace, name));
  return { publish: [...new Set([...publish, ...request, ...invokes])] };
}
