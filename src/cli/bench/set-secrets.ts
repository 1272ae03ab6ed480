import { HairspringError, type Manifest, secretsOf } from '../../core/index.ts';
import { readSecretFile } from '../secret/read-value.ts';
import type { ControlConnection } from '../shell/connection.ts';

/** For secrets of which nobody says a value: the node of a measurement has none of its own. */
const PLACEHOLDER = 'hairspring-bench-placeholder-0123';

/**
 * Values for the secrets that functions are bound to, by name: from the files that `--secret` names, else a placeholder.
 * @throws HS_USAGE for a file that cannot be read, or a secret that no function is bound to; HS_SECRET_INVALID
 */
export async function secretValues(
  manifests: readonly Manifest[],
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(manifests.flatMap(({ start }) => secretsOf(start)));
  const unknown = Object.keys(files).find((name) => !names.has(name));
  if (unknown !== undefined)
    throw new HairspringError(
      'HS_USAGE',
      `Cannot use a value for secret "${unknown}": no function is bound to it`,
      {
        hint: names.size === 0 ? 'Leave out --secret' : `The secrets are ${[...names].join(', ')}`,
      },
    );
  const values = new Map<string, string>();
  for (const name of names) {
    const file = files[name];
    values.set(name, file === undefined ? PLACEHOLDER : await readSecretFile(name, file, '--secret'));
  }
  return values;
}

/** Sets them on the one node that there is. */
export async function setSecrets(
  { client }: ControlConnection,
  values: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [name, value] of values) await client.setSecret(name, value);
}
