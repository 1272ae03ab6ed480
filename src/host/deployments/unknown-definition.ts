import { z } from 'zod';
import { DEFAULT_LIMITS, type FunctionDefinition, isToken } from '../../core/index.ts';

const identified = z.object({ id: z.string().refine(isToken) });

/** What can be said of a definition that cannot be read: enough to list it, to remove it and to replace it. */
export function unknownDefinition(namespace: string, name: string, bytes: Uint8Array): FunctionDefinition {
  return {
    format: 1,
    id: idIn(bytes) ?? name,
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

function idIn(bytes: Uint8Array): string | undefined {
  try {
    return identified.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data?.id;
  } catch {
    return undefined;
  }
}
