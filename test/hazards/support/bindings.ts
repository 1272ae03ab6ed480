/** What a hazard is granted, all of it its own or its neighbour's. */
import { HairspringError } from '../../../src/core/index.ts';

/** Where a hazard is. */
export interface HazardPlace {
  readonly namespace: string;
  /** An HTTP server that answers. */
  readonly httpUrl: string;
}

/**
 * Bindings as in a Nexfile for the words after `binds:` in the header of a hazard.
 * @throws HS_INTERNAL for a word that is none of them
 */
export function bindingsOf(
  words: readonly string[],
  { namespace, httpUrl }: HazardPlace,
): Readonly<Record<string, object>> {
  return Object.fromEntries(words.map((word) => bindingOf(word, namespace, httpUrl)));
}

function bindingOf(word: string, namespace: string, httpUrl: string): readonly [string, object] {
  const [service = '', keys = '>'] = word.split('=');
  switch (service) {
    case 'kv':
      return ['KV', { kv: namespace, access: 'read-write', keys }];
    case 'objectstore':
      return ['STORE', { objectstore: namespace, access: 'read-write' }];
    case 'messaging':
      return [
        'BUS',
        { publish: [`${namespace}.out.>`], request: [`${namespace}.hazard`, `${namespace}.nobody`] },
      ];
    case 'call':
      return ['FUNCTIONS', { call: ['hazard'] }];
    case 'http':
      return ['WEB', { http: [`${httpUrl}/*`], private: true }];
    default:
      throw new HairspringError('HS_INTERNAL', `Cannot bind "${word}": a hazard binds no such service`);
  }
}
