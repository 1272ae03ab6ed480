import { homedir } from 'node:os';
import { join } from 'node:path';

/** The environment variables that name the cache folder. */
export interface CacheEnvironment {
  readonly HAIRSPRING_CACHE?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly HOME?: string | undefined;
}

/** The per-user cache: `$HAIRSPRING_CACHE`, else `$XDG_CACHE_HOME/hairspring`, else `~/.cache/hairspring`. */
export function defaultCacheDir(env: CacheEnvironment): string {
  if (env.HAIRSPRING_CACHE) return env.HAIRSPRING_CACHE;
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'hairspring');
}

/** This process's environment with `variables` set, for a child process. */
export function inheritEnvironment(variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...variables };
}
