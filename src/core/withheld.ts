import { HairspringError } from './errors.ts';
import type { Binding } from './manifest.ts';

/** What an operator may withhold, with what it is: host services by the names that bindings have, and a right that one has. */
const TEXTS = {
  kv: 'KV buckets',
  objectstore: 'object stores',
  messaging: 'messages',
  http: 'HTTP requests',
  secret: 'secrets',
  'private-http': 'HTTP requests to private addresses',
} as const satisfies Readonly<Record<Binding['service'] | 'private-http', string>>;

export type Withholdable = keyof typeof TEXTS;
export const WITHHOLDABLE = Object.keys(TEXTS) as readonly Withholdable[];

/** How a node is configured that withholds something from all its functions, whatever their Nexfiles grant them. */
export type Withheld = readonly Withholdable[];

/** @returns the first of what is withheld that the binding needs */
function neededOf(binding: Binding, withheld: Withheld): Withholdable | undefined {
  if (withheld.includes(binding.service)) return binding.service;
  const isPrivate = binding.service === 'http' && binding.private;
  return isPrivate && withheld.includes('private-http') ? 'private-http' : undefined;
}

/** @throws HS_SERVICE_WITHHELD */
export function checkWithheld(
  { name, bindings }: { readonly name: string; readonly bindings: Readonly<Record<string, Binding>> },
  withheld: Withheld,
): void {
  for (const [label, binding] of Object.entries(bindings)) {
    const needed = neededOf(binding, withheld);
    if (needed === undefined) continue;
    throw new HairspringError(
      'HS_SERVICE_WITHHELD',
      `Cannot serve "${name}": its binding ${label} is for ${TEXTS[needed]}, which this node withholds (--withhold ${needed})`,
    );
  }
}
