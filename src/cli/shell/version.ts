import { readFileSync } from 'node:fs';

export interface Versions {
  readonly hairspring: string;
  readonly node: string;
  readonly v8: string;
}

/** The folder that holds `package.json`, above both `src` and `dist`. */
export const PACKAGE_ROOT: URL = new URL('../../../', import.meta.url);

export function readVersions(): Versions {
  const text = readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return { hairspring: version, node: process.version, v8: process.versions.v8 };
}
