/**
 * The NATS CLI's context files (`~/.config/nats/context/<name>.json`), as
 * https://github.com/nats-io/jsm.go/tree/main/natscontext writes them.
 */
import { z } from 'zod';
import { HairspringError } from '../core/index.ts';

/** The settings of a context that matter here; absent where the file has them empty. */
export interface NatsContext {
  readonly url?: string;
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  /** Path. */
  readonly creds?: string;
  /** Path. */
  readonly nkey?: string;
  readonly userJwt?: string;
  readonly userSeed?: string;
  /** Path. */
  readonly cert?: string;
  /** Path. */
  readonly key?: string;
  /** Path. */
  readonly ca?: string;
  readonly inboxPrefix?: string;
}

const setting = z
  .string()
  .nullish()
  .transform((value) => (value === '' || value === null ? undefined : value));

const contextFile = z.object({
  url: setting,
  token: setting,
  user: setting,
  password: setting,
  creds: setting,
  nkey: setting,
  user_jwt: setting,
  user_seed: setting,
  cert: setting,
  key: setting,
  ca: setting,
  inbox_prefix: setting,
  nsc: setting,
  socks_proxy: setting,
  jetstream_domain: setting,
  jetstream_api_prefix: setting,
  windows_cert_store: setting,
  tls_first: z.boolean().nullish(),
});

/** Settings that change how one connects and that we do not follow; ignoring them would mislead. */
const UNSUPPORTED = [
  'nsc',
  'socks_proxy',
  'jetstream_domain',
  'jetstream_api_prefix',
  'windows_cert_store',
  'tls_first',
] as const;

/**
 * Parses the text of a context file.
 * @throws HS_CONTEXT_INVALID naming `file` and what is wrong in it
 */
export function parseNatsContext(text: string, file: string): NatsContext {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HairspringError(
      'HS_CONTEXT_INVALID',
      `Cannot read the NATS context "${file}": it is not JSON`,
      {
        cause: error,
      },
    );
  }
  const result = contextFile.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const key = issue?.path.map(String).join('.') ?? '';
    throw new HairspringError(
      'HS_CONTEXT_INVALID',
      `Cannot read the NATS context "${file}": ${key === '' ? 'it is not an object' : `"${key}" is of the wrong type`}`,
    );
  }
  const read = result.data;
  refuseUnsupported(read, file);
  const settings: Readonly<Record<keyof NatsContext, string | undefined>> = {
    url: read.url,
    token: read.token,
    user: read.user,
    password: read.password,
    creds: read.creds,
    nkey: read.nkey,
    userJwt: read.user_jwt,
    userSeed: read.user_seed,
    cert: read.cert,
    key: read.key,
    ca: read.ca,
    inboxPrefix: read.inbox_prefix,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, set]) => set !== undefined));
}

function refuseUnsupported(read: z.infer<typeof contextFile>, file: string): void {
  const found = UNSUPPORTED.find(
    (key) => read[key] !== undefined && read[key] !== null && read[key] !== false,
  );
  const scheme = read.creds?.includes('://') === true ? 'creds' : undefined;
  const key = found ?? scheme;
  if (key === undefined) return;
  throw new HairspringError(
    'HS_CONTEXT_INVALID',
    `Cannot use the NATS context "${file}": "${key}" is not supported`,
    {
      hint:
        key === 'nsc' || key === 'creds'
          ? 'Write a credentials file (`nsc generate creds`) and name its path as creds'
          : `Use a context without ${key}, or --server and --creds`,
    },
  );
}
