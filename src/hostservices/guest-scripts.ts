import { readFileSync } from 'node:fs';
import type { ServiceBinding } from '../core/index.ts';

const GUEST_SCRIPTS: Readonly<Record<ServiceBinding['service'], string>> = {
  http: './http/guest.js',
  kv: './kv/guest.js',
  messaging: './messaging/guest.js',
  objectstore: './objectstore/guest.js',
};

/** The guest's side of every host service, to be joined into the prelude of all isolates. */
export function readGuestScripts(): readonly string[] {
  return ['./shared/guest.js', ...Object.values(GUEST_SCRIPTS)].map((path) =>
    readFileSync(new URL(path, import.meta.url), 'utf8'),
  );
}
