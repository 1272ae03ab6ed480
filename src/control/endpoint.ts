/** Finds out where NATS is, as the NATS CLI does: options, then environment, then context, then the default. */
import { HairspringError, type NatsEndpoint } from '../core/index.ts';
import { type EndpointSources, type Layer, readCredentials, readNamed, readTls } from './endpoint-files.ts';
import { parseNatsContext } from './nats-context.ts';
import { parseServers } from './server-url.ts';

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
 * by `NATS_CONTEXT`, or the selected one), user and password in the server's address.
 * @throws HS_CONTEXT_INVALID naming the file or setting
 */
export async function endpointFrom(choice: EndpointChoice, sources: EndpointSources): Promise<NatsEndpoint> {
  const given = [optionLayer(choice), environmentLayer(sources.env)];
  const layers = [...given, ...(await contextLayers(choice, sources, given))];
  const urlLayer = layers.find(({ url }) => url !== undefined);
  const { servers, credentials } = parseServers(urlLayer?.url ?? DEFAULT_SERVER, urlLayer?.name ?? 'default');
  const authLayer = layers.find(hasCredentials);
  const tlsLayer = layers.find(
    ({ ca, cert, key }) => ca !== undefined || cert !== undefined || key !== undefined,
  );
  const inboxPrefix = layers.find((layer) => layer.inboxPrefix !== undefined)?.inboxPrefix;
  return {
    servers,
    ...(authLayer === undefined ? credentials : await readCredentials(authLayer, sources)),
    ...(tlsLayer === undefined ? {} : await readTls(tlsLayer, sources)),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
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

/** The context, if one is named or selected. A selected one is not read when nothing is left for it to say. */
async function contextLayers(
  choice: EndpointChoice,
  sources: EndpointSources,
  given: readonly Layer[],
): Promise<readonly Layer[]> {
  const natsDir = `${configDirOf(sources)}/nats`;
  let name = choice.context || sources.env['NATS_CONTEXT'] || '';
  if (name === '') {
    if (given.some(({ url }) => url !== undefined) && given.some(hasCredentials)) return [];
    name = await sources.readFile(`${natsDir}/context.txt`).then(
      (text) => text.trim(),
      () => '',
    );
  }
  if (name === '') return [];
  if (!/^[^/\\\s]+$/.test(name) || name.includes('..')) {
    throw new HairspringError('HS_CONTEXT_INVALID', `Cannot use "${name}" as the name of a NATS context`);
  }
  const file = `${natsDir}/context/${name}.json`;
  const text = await readNamed(file, 'NATS context', sources);
  return [{ name: file, ...parseNatsContext(text, file) }];
}

function configDirOf({ configDir, env }: EndpointSources): string {
  return configDir ?? (env['XDG_CONFIG_HOME'] || `${env['HOME'] ?? ''}/.config`);
}
