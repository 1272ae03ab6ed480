/**
 * The URL of a module beside this one, with the extension that this one has: sources run as `.ts`,
 * the published package as `.js`.
 */
export function siblingModule(importMetaUrl: string, name: string): URL {
  return new URL(`./${name}${importMetaUrl.endsWith('.ts') ? '.ts' : '.js'}`, importMetaUrl);
}
