/** The files that settings name: credentials, nkey seeds, TLS. */
import { HairspringError, type NatsEndpoint } from '../core/index.ts';
import type { NatsContext } from './nats-context.ts';

export interface EndpointSources {
  /** Reads a text file; rejects when there is none. */
  readonly readFile: (path: string) => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that holds `nats/context`. @default $XDG_CONFIG_HOME or ~/.config */
  readonly configDir?: string | undefined;
  /** Whether the user has credentials for these servers that no setting names, as for one of its own. @default none */
  readonly hasOwnAccess?: (servers: readonly string[]) => Promise<boolean>;
}

/** One place from which settings come; the first that has a setting of a group decides the group. */
export interface Layer extends NatsContext {
  /** For messages. */
  readonly name: string;
}

/** The credentials that a layer names, read from its files. @throws HS_CONTEXT_INVALID naming the file */
export async function readCredentials(from: Layer, sources: EndpointSources): Promise<Partial<NatsEndpoint>> {
  if (from.user !== undefined) return { user: from.user, password: from.password ?? '' };
  if (from.creds !== undefined) {
    const creds = await readNamed(from.creds, 'credentials file', sources);
    if (!/BEGIN NATS USER JWT/.test(creds) || !/BEGIN USER NKEY SEED/.test(creds)) {
      throw new HairspringError(
        'HS_CONTEXT_INVALID',
        `Cannot use "${from.creds}": it is not a credentials file`,
        {
          hint: 'A credentials file holds a user JWT and its nkey seed; `nsc generate creds` writes one',
        },
      );
    }
    return { creds };
  }
  if (from.nkey !== undefined) {
    const text = await readNamed(from.nkey, 'nkey file', sources);
    return { nkeySeed: seedIn(text, from.nkey) };
  }
  if (from.userJwt !== undefined) {
    return { creds: toCreds(from.userJwt, seedIn(from.userSeed ?? '', from.name)) };
  }
  return from.token === undefined ? {} : { token: from.token };
}

function seedIn(text: string, file: string): string {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
  if (seed !== undefined) return seed;
  throw new HairspringError('HS_CONTEXT_INVALID', `Cannot use "${file}": it has no user nkey seed (SU…)`);
}

function toCreds(jwt: string, seed: string): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

/** The TLS files that a layer names. @throws HS_CONTEXT_INVALID naming the file */
export async function readTls(from: Layer, sources: EndpointSources): Promise<Partial<NatsEndpoint>> {
  const { ca, cert, key } = from;
  return {
    ...(ca === undefined ? {} : { tlsCa: await readNamed(ca, 'TLS file', sources) }),
    ...(cert === undefined ? {} : { tlsCert: await readNamed(cert, 'TLS file', sources) }),
    ...(key === undefined ? {} : { tlsKey: await readNamed(key, 'TLS file', sources) }),
  };
}

/** Reads the file at `path`, in which `~/` and `$NAME` are filled in. @throws HS_CONTEXT_INVALID naming it */
export async function readNamed(path: string, what: string, sources: EndpointSources): Promise<string> {
  const expanded = expand(path, sources.env);
  try {
    return await sources.readFile(expanded);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = code === 'ENOENT' ? 'there is no such file' : code || String(error);
    throw new HairspringError('HS_CONTEXT_INVALID', `Cannot read the ${what} "${expanded}": ${reason}`, {
      cause: error,
    });
  }
}

function expand(path: string, env: EndpointSources['env']): string {
  const filled = path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => env[braced ?? bare] ?? '');
  return filled.startsWith('~/') ? `${env['HOME'] ?? '~'}${filled.slice(1)}` : filled;
}
