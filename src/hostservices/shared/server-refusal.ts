import { HairspringError } from '../../core/index.ts';

/**
 * NATS has refused what the bridge let through: the function's user lacks a part of what its binding grants.
 * @param grant as in `binding PHOTOS grants access "read" to object store "photos"`
 */
export function serverRefusal(action: string, grant: string, cause: unknown): HairspringError {
  const detail = `NATS does not permit it to the function's user, although ${grant}`;
  return new HairspringError('HS_BINDING_DENIED', `Cannot ${action}: ${detail}`, { cause });
}
