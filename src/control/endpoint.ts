/** Finds out where NATS is, as the NATS CLI does: options, then environment, then context, then the default. */
import { HairspringError, type NatsEndpoint } from '../core/index.ts';
import { type EndpointSources, type Layer, readCredentials, readNamed, readTls } from './endpoint-files.ts';
import { parseNatsContext } from './nats-context.ts';
import { type ParsedServers, parseServers } from './server-url.ts';

/** What the user said on the command line. */
export interface EndpointChoice {
  /** One address or several with commas between. */
  readonly server?: string | undefined;
  /** Path of a `.creds` file. */
  readonly creds?: string | undefined;
  /** Path of a file with an nkey seed. */
  readonly nkey?: string | undefined;
  /** User, or without a password the token. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Name of a context of the NATS CLI. */
  readonly context?: string | undefined;
  /** Path. */
  readonly tlsCa?: string | undefined;
  /** Path. */
  readonly tlsCert?: string | undefined;
  /** Path. */
  readonly tlsKey?: string | undefined;
  readonly inboxPrefix?: string | undefined;
}

const DEFAULT_SERVER = 'nats://127.0.0.1:4222';

/**
 * Resolves the endpoint. Server, credentials and TLS files are decided apart, each by the first of:
 * options, environment (`NATS_URL`, `NATS_CREDS`, `NATS_USER`, `NATS_PASSWORD`, `NATS_TOKEN`,
 * `NATS_NKEY`, `NATS_CA`, `NATS_CERT`, `NATS_KEY`, `NATS_INBOX_PREFIX`), the context (named by option,
 * by `NATS_CONTEXT`, or the selected one), user and password in the server's address. Of a context that is merely
 * selected only the server counts where the user has access of its own.
 * @throws HS_CONTEXT_INVALID naming the file or setting
 */
export async function endpointFrom(choice: EndpointChoice, sources: EndpointSources): Promise<NatsEndpoint> {
  const given = [optionLayer(choice), environmentLayer(sources.env)];
  const named = choice.context || sources.env['NATS_CONTEXT'] || '';
  const context = named === '' ? await selectedLayer(sources, given) : [await contextLayer(named, sources)];
  const urlLayer = [...given, ...context].find(({ url }) => url !== undefined);
  const address = parseServers(urlLayer?.url ?? DEFAULT_SERVER, urlLayer?.name ?? 'default');
  const { servers } = address;
  const isOwn = named === '' && (await sources.hasOwnAccess?.(servers)) === true;
  const layers = isOwn ? given : [...given, ...context];
  const tlsLayer = layers.find(
    ({ ca, cert, key }) => ca !== undefined || cert !== undefined || key !== undefined,
  );
  const inboxPrefix = layers.find((layer) => layer.inboxPrefix !== undefined)?.inboxPrefix;
  const authLayer = layers.find(hasCredentials) ?? layers.find((layer) => layer === urlLayer);
  return {
    servers,
    ...(authLayer === undefined ? {} : await credentialsOf(authLayer, address, sources)),
    ...(tlsLayer === undefined ? {} : await readTls(tlsLayer, sources)),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

/** The credentials of a layer, or of the address that it gives. */
async function credentialsOf(
  from: Layer,
  { credentials }: ParsedServers,
  sources: EndpointSources,
): Promise<Partial<NatsEndpoint>> {
  const found = hasCredentials(from) ? await readCredentials(from, sources) : credentials;
  return Object.keys(found).length === 0 ? {} : { ...found, credentialsFrom: from.name };
}

function optionLayer(choice: EndpointChoice): Layer {
  return layer('the command line', {
    url: choice.server,
    creds: choice.creds,
    nkey: choice.nkey,
    ...userOrToken(choice.user, choice.password, choice.token),
    ca: choice.tlsCa,
    cert: choice.tlsCert,
    key: choice.tlsKey,
    inboxPrefix: choice.inboxPrefix,
  });
}

function environmentLayer(env: EndpointSources['env']): Layer {
  return layer('the environment', {
    url: env['NATS_URL'],
    creds: env['NATS_CREDS'],
    nkey: env['NATS_NKEY'],
    ...userOrToken(env['NATS_USER'], env['NATS_PASSWORD'], env['NATS_TOKEN']),
    ca: env['NATS_CA'],
    cert: env['NATS_CERT'],
    key: env['NATS_KEY'],
    inboxPrefix: env['NATS_INBOX_PREFIX'],
  });
}

/** The NATS CLI takes a user without a password for a token. */
function userOrToken(
  user: string | undefined,
  password: string | undefined,
  token: string | undefined,
): Readonly<Record<'user' | 'password' | 'token', string | undefined>> {
  if (user !== undefined && user !== '' && (password === undefined || password === '')) {
    return { user: undefined, password: undefined, token: token ?? user };
  }
  return { user, password, token };
}

/** Empty settings count as absent: shells export empty variables easily. */
function layer(name: string, settings: Readonly<Record<string, string | undefined>>): Layer {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined && value !== '');
  return { ...Object.fromEntries(set), name };
}

function hasCredentials({ creds, nkey, user, token, userJwt }: Layer): boolean {
  return [creds, nkey, user, token, userJwt].some((value) => value !== undefined);
}

/** The selected context, if there is one. It is not read when nothing is left for it to say. */
async function selectedLayer(sources: EndpointSources, given: readonly Layer[]): Promise<readonly Layer[]> {
  if (given.some(({ url }) => url !== undefined) && given.some(hasCredentials)) return [];
  const name = await sources.readFile(`${natsDirOf(sources)}/context.txt`).then(
    (text) => text.trim(),
    () => '',
  );
  return name === '' ? [] : [await contextLayer(name, sources)];
}

async function contextLayer(name: string, sources: EndpointSources): Promise<Layer> {
  if (!/^[^/\\\s]+$/.test(name) || name.includes('..')) {
    throw new HairspringError('HS_CONTEXT_INVALID', `Cannot use "${name}" as the name of a NATS context`);
  }
  const file = `${natsDirOf(sources)}/context/${name}.json`;
  const text = await readNamed(file, 'NATS context', sources);
  return { name: file, ...parseNatsContext(text, file) };
}

function natsDirOf({ configDir, env }: EndpointSources): string {
  return `${configDir ?? (env['XDG_CONFIG_HOME'] || `${env['HOME'] ?? ''}/.config`)}/nats`;
}
