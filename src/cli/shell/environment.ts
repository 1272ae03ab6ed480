import { homedir } from 'node:os';
import { join } from 'node:path';

/** All that the command line takes from the environment. */
export interface CliEnvironment {
  /** For what reads `NATS_…` and `XDG_…` by its own rules. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `HAIRSPRING_NAMESPACE`. */
  readonly namespace: string | undefined;
  /** `HAIRSPRING_DATA`, else `$XDG_DATA_HOME/hairspring`, else `~/.local/share/hairspring`. */
  readonly dataDir: string;
  /**
   * `HAIRSPRING_CACHE`, else `$XDG_CACHE_HOME/hairspring`, else `~/.cache/hairspring`. The host has the
   * same rule, and a test compares them: loading the host for it would cost what the cache saves.
   */
  readonly cacheDir: string;
  /** `HAIRSPRING_DEBUG`: whether an unknown error is shown with its stack. */
  readonly debug: boolean;
  /** `NO_COLOR` and `FORCE_COLOR`, the first being stronger; by themselves colours go to terminals only. */
  readonly colors: 'auto' | 'always' | 'never';
  readonly pathVariable: string;
}

/** Reads the environment, this process's by default. Empty variables count as absent. */
export function readEnvironment(variables: CliEnvironment['variables'] = process.env): CliEnvironment {
  const home = variables['HOME'] || homedir();
  return {
    variables,
    namespace: variables['HAIRSPRING_NAMESPACE'] || undefined,
    dataDir:
      variables['HAIRSPRING_DATA'] ||
      join(variables['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'hairspring'),
    cacheDir:
      variables['HAIRSPRING_CACHE'] ||
      join(variables['XDG_CACHE_HOME'] || join(home, '.cache'), 'hairspring'),
    debug: Boolean(variables['HAIRSPRING_DEBUG']) && variables['HAIRSPRING_DEBUG'] !== '0',
    colors: colorsOf(variables),
    pathVariable: variables['PATH'] ?? '',
  };
}

function colorsOf(variables: CliEnvironment['variables']): CliEnvironment['colors'] {
  if (variables['NO_COLOR']) return 'never';
  const forced = variables['FORCE_COLOR'];
  return forced !== undefined && forced !== '' && forced !== '0' ? 'always' : 'auto';
}
