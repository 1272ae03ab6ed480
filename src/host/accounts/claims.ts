/**
 * NATS's JSON web tokens, version 2, as https://github.com/nats-io/jwt/tree/main/v2 reads them: only the
 * fields that are set here.
 */
import { createHash } from 'node:crypto';
import { systemClock } from '../../core/index.ts';
import type { SigningKey } from './signing-key.ts';

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Of what `publish` and `subscribe` allow. */
  readonly denyPublish?: readonly string[];
  readonly denySubscribe?: readonly string[];
}

export interface UserClaims {
  readonly name: string;
  readonly publicKey: string;
  /** The account's, when a signing key of it signs. */
  readonly account: string;
  /** `role`: what the scoped key says that signs, which takes nothing else. */
  readonly permissions: Permissions | 'all' | 'role';
  /** Seconds since the epoch; undefined: it does not expire. */
  readonly expiresAt?: number | undefined;
  /** Whether the token alone lets in, without the key. */
  readonly bearer?: boolean;
}

/** A subject of another account, under the same name in this one. */
export interface Import {
  readonly kind: 'service' | 'stream';
  readonly subject: string;
  readonly from: string;
}

export interface AccountClaims {
  readonly name: string;
  readonly publicKey: string;
  readonly jetStream: boolean;
  /** Public keys that may sign users beside the account's own. */
  readonly signingKeys?: readonly string[];
  readonly exports?: readonly { readonly kind: 'service' | 'stream'; readonly subject: string }[];
  readonly imports?: readonly Import[];
  /** Users by public key, and the time up to which their tokens are void, in seconds since the epoch. */
  readonly revocations?: Readonly<Record<string, number>>;
}

const HEAD = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
/** How long a node may take to answer a request that came through an export: a deployment is checked first. */
const RESPONSE_THRESHOLD_NS = 120e9;
const UNLIMITED = -1;
const UNLIMITED_USER = { subs: UNLIMITED, data: UNLIMITED, payload: UNLIMITED };

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signed(
  issuer: SigningKey,
  claims: { readonly sub: string; readonly name: string; readonly exp?: number },
  nats: object,
): string {
  const body = {
    iss: issuer.publicKey,
    iat: Math.floor(systemClock.now() / 1000),
    ...claims,
    nats: { ...nats, version: 2 },
  };
  const jti = createHash('sha256').update(JSON.stringify(body)).digest('hex').toUpperCase();
  const text = `${HEAD}.${encode({ jti, ...body })}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

export function operatorToken(operator: SigningKey, systemAccount: string): string {
  const claims = { sub: operator.publicKey, name: 'hairspring' };
  return signed(operator, claims, { type: 'operator', system_account: systemAccount });
}

export function accountToken(operator: SigningKey, account: AccountClaims): string {
  const jetStream = account.jetStream ? UNLIMITED : 0;
  return signed(
    operator,
    { sub: account.publicKey, name: account.name },
    {
      type: 'account',
      limits: {
        subs: UNLIMITED,
        data: UNLIMITED,
        payload: UNLIMITED,
        imports: UNLIMITED,
        exports: UNLIMITED,
        wildcards: true,
        conn: UNLIMITED,
        leaf: 0,
        mem_storage: jetStream,
        disk_storage: jetStream,
        streams: jetStream,
        consumer: jetStream,
      },
      signing_keys: account.signingKeys ?? [],
      exports: (account.exports ?? []).map(({ kind, subject }) => ({
        name: subject,
        subject,
        type: kind,
        ...(kind === 'service' ? { response_type: 'Stream', response_threshold: RESPONSE_THRESHOLD_NS } : {}),
      })),
      imports: (account.imports ?? []).map(({ kind, subject, from }) => ({
        name: subject,
        subject,
        account: from,
        type: kind,
      })),
      revocations: account.revocations ?? {},
      default_permissions: {},
    },
  );
}

export function userToken(issuer: SigningKey, user: UserClaims): string {
  const { name, publicKey, account, permissions, expiresAt, bearer = false } = user;
  return signed(
    issuer,
    { sub: publicKey, name, ...(expiresAt === undefined ? {} : { exp: expiresAt }) },
    {
      type: 'user',
      ...(issuer.publicKey === account ? {} : { issuer_account: account }),
      ...(permissions === 'role' ? {} : { ...UNLIMITED_USER, bearer_token: bearer }),
      ...(typeof permissions === 'string' ? {} : permissionClaims(permissions)),
    },
  );
}

function permissionClaims({ publish, subscribe, denyPublish, denySubscribe }: Permissions): object {
  // NATS takes an empty list of what is allowed for everything.
  const claims = (allow: readonly string[], deny: readonly string[] = []): object =>
    allow.length === 0 ? { deny: ['>'] } : { allow, deny };
  return { pub: claims(publish, denyPublish), sub: claims(subscribe, denySubscribe) };
}

/** The text of a credentials file. */
export function credentialsText(token: string, seed: string): string {
  const block = (name: string, content: string): string =>
    `-----BEGIN ${name}-----\n${content}\n------END ${name}------\n`;
  return `${block('NATS USER JWT', token)}\n${block('USER NKEY SEED', seed)}`;
}
