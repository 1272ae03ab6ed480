import { setGlobalProxyFromEnv } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HairspringError } from '../../core/index.ts';

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

/**
 * Has `fetch` go by the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, until disposed: Node does so only when
 * it is told. It holds for the whole process, so dispose it soon.
 * @throws HS_NATS_SERVER_MISSING when one of them is no address
 */
export function fetchByProxy(): Disposable {
  try {
    const restore = setGlobalProxyFromEnv(process.env);
    return { [Symbol.dispose]: restore };
  } catch {
    // What Node says may hold the password of the proxy.
    throw new HairspringError(
      'HS_NATS_SERVER_MISSING',
      'HTTPS_PROXY or HTTP_PROXY is no address, such as http://proxy.example:3128',
    );
  }
}
