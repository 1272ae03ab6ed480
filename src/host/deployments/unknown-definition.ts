import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DEFAULT_LIMITS, type FunctionDefinition, isToken } from '../../core/index.ts';

const identified = z.object({
  id: z.string().refine(isToken),
  namespace: z.string().optional(),
  name: z.string().optional(),
});

/** What can be said of a definition that cannot be read: enough to list it, to remove it and to replace it. */
export function unknownDefinition(namespace: string, name: string, bytes: Uint8Array): FunctionDefinition {
  return {
    format: 1,
    id: idIn(namespace, name, bytes) ?? idOf(namespace, name),
    namespace,
    name,
    type: 'javascript',
    version: '',
    description: '',
    tags: {},
    metadata: {},
    artifact: { digest: '', bytes: 0 },
    triggers: [],
    bindings: {},
    environment: {},
    limits: DEFAULT_LIMITS,
    deployedAt: '',
    runRequest: '{}',
  };
}

/** Undefined too when it is that of a function with another name, of which this is a copy. */
function idIn(namespace: string, name: string, bytes: Uint8Array): string | undefined {
  try {
    const found = identified.parse(JSON.parse(new TextDecoder().decode(bytes)));
    const isOwn = (found.namespace ?? namespace) === namespace && (found.name ?? name) === name;
    return isOwn ? found.id : undefined;
  } catch {
    return undefined;
  }
}

/** One that no other has, and always the same. */
function idOf(namespace: string, name: string): string {
  return createHash('sha256').update(`${namespace}.${name}`).digest('hex').slice(0, 22);
}
