import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { HairspringError, SYSTEM_NAMESPACE, TOKEN_PATTERN } from '../../core/index.ts';
import { createChecker, type ReadDocument, readDocument } from '../manifest/index.ts';
import { accountOf, isCredentials } from './credentials-text.ts';
import { parseSigningKey, type SigningKey } from './signing-key.ts';

/** How a node enters the account of one namespace on a server whose operator is somebody else. */
export type Delegation =
  /** As one user, whom its cells and functions share. */
  | { readonly kind: 'creds'; readonly file: string; readonly account: string; readonly creds: string }
  /** As users that the node signs, one for each cell and function. */
  | {
      readonly kind: 'signing-key';
      readonly file: string;
      readonly account: string;
      readonly signer: SigningKey;
    };

export interface AccountsFile {
  readonly path: string;
  readonly namespaces: ReadonlyMap<string, Delegation>;
  /** What is worth knowing and no failure. */
  readonly warnings: readonly string[];
}

const file = (description: string) => z.string().min(1, { error: 'it is empty' }).meta({ description });

const namespaceSchema = z
  .strictObject({
    creds: file('Credentials of a user of the account.').optional(),
    account: z
      .string()
      .regex(/^A[A-Z2-7]{55}$/, { error: 'it is not the public key of an account, A and 55 more letters' })
      .optional(),
    signingKey: file("Seed of the account's own key or of one of its signing keys.").optional(),
  })
  .superRefine(({ creds, account, signingKey }, context) => {
    const isWhole = creds === undefined ? account !== undefined && signingKey !== undefined : true;
    const isOne = creds === undefined || (account ?? signingKey) === undefined;
    if (isWhole && isOne) return;
    context.addIssue({
      code: 'custom',
      message: isOne ? 'it lacks a way into the account' : 'it names two ways into the account',
      params: {
        hint: 'Write either creds: FILE, or account: A… and signingKey: FILE',
        // A key that is misspelt says more.
        ...(isOne ? { target: 'missing' } : {}),
      },
    });
  });

const schema = z.strictObject({
  namespaces: z.record(
    z.string().refine((name) => TOKEN_PATTERN.test(name) && name !== SYSTEM_NAMESPACE, {
      error: 'a namespace is 1 to 64 letters, digits, - or _, and not "system"',
    }),
    namespaceSchema,
  ),
});

type Content = z.infer<typeof schema>;

const ACCOUNTS_FILE = {
  checker: createChecker(schema, 'the accounts file', 'HS_ACCOUNTS_INVALID'),
  malformed: 'HS_ACCOUNTS_INVALID',
  emptyHint: 'Begin with namespaces: and name each namespace below it',
  severalHint: 'Write all namespaces in one document, without a "---" between',
} as const;

/** Seeds, whole or cut off, and the blocks of credentials: what somebody may have put where a path belongs. */
const SECRET_TEXT = /\bS[A-Z][A-Z2-7]{12,}|eyJ[\w-]{12,}[\w.-]*/g;
const READABLE_BY_OTHERS = 0o044;

/**
 * Reads the file of `--accounts` and those that it names. Nothing of a key is ever in an error.
 * @throws HS_ACCOUNTS_INVALID
 */
export function readAccountsFile(path: string): AccountsFile {
  try {
    const warnings: string[] = [];
    const document = readDocument(readText(path, 'the accounts file', warnings), path, ACCOUNTS_FILE);
    const namespaces = new Map<string, Delegation>();
    for (const [name, entry] of Object.entries(document.value.namespaces))
      namespaces.set(name, readDelegation(path, name, entry, document, warnings));
    return { path, namespaces, warnings: [...warnings, ...sharedAccounts(namespaces)] };
  } catch (error) {
    throw withoutSecrets(HairspringError.from(error));
  }
}

function readDelegation(
  path: string,
  name: string,
  { creds, account, signingKey }: Content['namespaces'][string],
  document: ReadDocument<Content>,
  warnings: string[],
): Delegation {
  const key = creds === undefined ? 'signingKey' : 'creds';
  const named = creds ?? signingKey ?? '';
  const what = `namespaces.${name}.${key}`;
  try {
    if (/^S[A-Z][A-Z2-7]{20,}$/.test(named.trim()) || named.includes('-----BEGIN'))
      throw invalid(`Cannot use ${what}: it is a key itself, and must be the path of a file with it`);
    const file = resolve(dirname(path), named);
    const text = readText(file, what, warnings);
    if (account !== undefined)
      return { kind: 'signing-key', file, account, signer: readSeed(text, file, what) };
    const own = isCredentials(text) ? accountOf(text) : undefined;
    if (own !== undefined) return { kind: 'creds', file, account: own, creds: text };
    const hint = 'A credentials file holds a user JWT and its nkey seed; `nsc generate creds` writes one';
    throw invalid(`Cannot use "${file}" for ${what}: it is not a credentials file`, hint);
  } catch (error) {
    const { code, message, hint } = HairspringError.from(error);
    const position = document.positionOf(['namespaces', name, key]);
    throw new HairspringError(code, message, { position, ...(hint === undefined ? {} : { hint }) });
  }
}

function readSeed(text: string, file: string, what: string): SigningKey {
  try {
    return parseSigningKey('account', text);
  } catch {
    const hint = 'It begins with SA; `nsc export keys --accounts` writes the seeds of accounts';
    throw invalid(`Cannot use "${file}" for ${what}: it does not hold the seed of an account's key`, hint);
  }
}

function readText(file: string, what: string, warnings: string[]): string {
  try {
    const text = readFileSync(file, 'utf8');
    if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0)
      warnings.push(`"${file}" may be read by others than its owner; mend that with chmod 600`);
    return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const reason = code === 'ENOENT' ? 'there is no such file' : code;
    throw invalid(
      `Cannot read ${what}, "${file}": ${reason}`,
      'Paths in the accounts file are relative to its folder',
    );
  }
}

/** Namespaces in one account see each other's subjects and buckets. */
function sharedAccounts(namespaces: ReadonlyMap<string, Delegation>): readonly string[] {
  const byAccount = Map.groupBy(namespaces, ([, { account }]) => account);
  return [...byAccount]
    .filter(([, sharing]) => sharing.length > 1)
    .map(([account, sharing]) => {
      const names = sharing.map(([name]) => `"${name}"`).join(', ');
      return `The namespaces ${names} share the account ${account}, so that nothing but the bridge separates them`;
    });
}

function invalid(message: string, hint?: string): HairspringError {
  return new HairspringError('HS_ACCOUNTS_INVALID', message, hint === undefined ? {} : { hint });
}

/** Its line of the file is not shown either. */
function withoutSecrets({ code, message, hint, position }: HairspringError): HairspringError {
  const clean = (text: string): string => text.replace(SECRET_TEXT, '(not shown)');
  return new HairspringError(code, clean(message), {
    ...(hint === undefined ? {} : { hint: clean(hint) }),
    ...(position === undefined
      ? {}
      : { position: { file: position.file, line: position.line, column: position.column } }),
  });
}
