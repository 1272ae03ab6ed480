import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HairspringError } from '../../src/core/index.ts';
import { credentialsText, userToken } from '../../src/host/accounts/claims.ts';
import { readAccountsFile } from '../../src/host/accounts/index.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';
import { codeBlocks } from '../support/markdown.ts';

const account = createSigningKey('account');
const signer = createSigningKey('account');
const user = createSigningKey('user');
const CREDS = credentialsText(
  userToken(signer, {
    name: 'u',
    publicKey: user.publicKey,
    account: account.publicKey,
    permissions: 'all',
  }),
  user.seed,
);

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-accounts-file-'));
  await write('key.seed', signer.seed);
  await write('user.seed', user.seed);
  await write('user.creds', CREDS);
});

after(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** The error of a file with this text; no secret may be in any part of it. */
async function failure(text: string): Promise<HairspringError> {
  const path = await write('accounts.yaml', text);
  try {
    readAccountsFile(path);
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    assert.equal(error.code, 'HS_ACCOUNTS_INVALID');
    const said = JSON.stringify(error.toWire());
    for (const secret of [signer.seed, user.seed, signer.seed.slice(0, 30), CREDS.slice(40, 80)])
      assert.ok(!said.includes(secret), said);
    return error;
  }
  return assert.fail('the file was accepted');
}

test('Both ways are read from YAML, with paths that are relative to the file', async () => {
  const path = await write(
    'accounts.yaml',
    `namespaces:\n  red:\n    account: ${account.publicKey}\n    signingKey: key.seed\n  blue: { creds: ./user.creds }\n`,
  );
  const { namespaces, warnings } = readAccountsFile(path);
  const [red, blue] = [namespaces.get('red'), namespaces.get('blue')];
  assert.ok(red?.kind === 'signing-key' && blue?.kind === 'creds');
  assert.equal(red.signer.publicKey, signer.publicKey);
  assert.equal(blue.creds, CREDS);
  assert.equal(blue.account, account.publicKey);
  assert.equal(warnings.length, 1, 'only that they share an account');
  assert.match(warnings[0] ?? '', /"red", "blue" share the account A/);
});

test('The file in docs/accounts.md is accepted', async () => {
  const [block] = codeBlocks(fileURLToPath(new URL('../../docs/accounts.md', import.meta.url))).filter(
    ({ language }) => language === 'yaml',
  );
  await mkdir(join(folder, 'keys'));
  await write('keys/red.seed', signer.seed);
  await write('keys/blue.creds', CREDS);
  const { namespaces } = readAccountsFile(await write('documented.yaml', block?.text ?? ''));
  assert.deepEqual(
    [...namespaces].map(([name, { kind }]) => [name, kind]),
    [
      ['red', 'signing-key'],
      ['blue', 'creds'],
    ],
  );
});

test('The same file as JSON', async () => {
  const namespaces = { blue: { creds: join(folder, 'user.creds') } };
  const path = await write('accounts.json', JSON.stringify({ namespaces }));
  assert.deepEqual([...readAccountsFile(path).namespaces.keys()], ['blue']);
  assert.deepEqual(readAccountsFile(path).warnings, []);
});

test('A file that others may read is told of, the accounts file as well as those it names', async () => {
  const path = await write('open.yaml', 'namespaces: { blue: { creds: open.creds } }');
  await write('open.creds', CREDS);
  await chmod(path, 0o644);
  await chmod(join(folder, 'open.creds'), 0o640);
  const { warnings } = readAccountsFile(path);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /open\.yaml" may be read by others.*chmod 600/);
  assert.match(warnings[1] ?? '', /open\.creds" may be read by others/);
});

test('A file that is not there is named, with its line', async () => {
  assert.throws(() => readAccountsFile(join(folder, 'none.yaml')), {
    code: 'HS_ACCOUNTS_INVALID',
    message: /Cannot read the accounts file, ".*none\.yaml": there is no such file/,
  });
  const { message, position, hint } = await failure('namespaces:\n  red:\n    creds: none.creds\n');
  assert.match(message, /Cannot read namespaces\.red\.creds, ".*none\.creds": there is no such file/);
  assert.match(hint ?? '', /relative to its folder/);
  assert.equal(position?.line, 3);
});

test('A seed that is no account’s is refused', async () => {
  const head = `namespaces:\n  red:\n    account: ${account.publicKey}\n    signingKey: `;
  const { message, position, hint } = await failure(`${head}user.seed\n`);
  assert.match(message, /user\.seed" for namespaces\.red\.signingKey.*seed of an account's key/);
  assert.match(hint ?? '', /begins with SA/);
  assert.equal(position?.line, 4);
  await write('rubbish', 'rubbish');
  assert.match((await failure(`${head}rubbish\n`)).message, /rubbish" for namespaces\.red\.signingKey/);
});

test('A file that holds no credentials is refused', async () => {
  const { message, hint } = await failure('namespaces: { red: { creds: user.seed } }');
  assert.match(message, /user\.seed" for namespaces\.red\.creds: it is not a credentials file/);
  assert.match(hint ?? '', /nsc generate creds/);
  for (const [name, damaged] of [
    ['seed.creds', CREDS.replace(user.seed, `${user.seed.slice(0, -1)}9`)],
    ['token.creds', CREDS.replace('eyJ', 'xxx')],
  ] as const) {
    await write(name, damaged);
    assert.match(
      (await failure(`namespaces: { red: { creds: ${name} } }`)).message,
      /not a credentials file/,
    );
  }
});

test('A key in the place of a path is refused and shown nowhere', async () => {
  const text = `namespaces:\n  red:\n    account: ${account.publicKey}\n    signingKey: ${signer.seed}\n`;
  assert.match((await failure(text)).message, /signingKey: it is a key itself, and must be the path/);
  const block = CREDS.split('\n').join('\n      ');
  assert.match(
    (await failure(`namespaces:\n  red:\n    creds: |\n      ${block}\n`)).message,
    /creds: it is a key itself/,
  );
  await failure(`namespaces: { red: { account: ${signer.seed}, signingKey: key.seed } }`);
  await failure(`namespaces: { ${signer.seed}X: { creds: user.creds }, red: { ${signer.seed}: 1 } }`);
  await failure(`namespaces: { red: { account: *${signer.seed}, signingKey: "${signer.seed}`);
});

test('Every mistake in the form is told with its line, its value and the remedy', async () => {
  const key = account.publicKey;
  const rows: readonly (readonly [string, number, RegExp, RegExp])[] = [
    ['', 1, /it is empty/, /Begin with namespaces:/],
    [
      'namespaces:\n  red: {}\n',
      2,
      /it lacks a way into the account/,
      /Write either creds: FILE, or account/,
    ],
    [`namespaces:\n  red:\n    account: ${key}\n`, 2, /it lacks a way/, /signingKey: FILE/],
    [
      `namespaces:\n  red:\n    creds: user.creds\n    account: ${key}\n`,
      2,
      /it names two ways/,
      /Write either/,
    ],
    ['namespaces:\n  red:\n    cred: user.creds\n', 3, /the key "cred".*not known/, /Did you mean "creds"/],
    [
      'namespaces:\n  red:\n    account: AAAA\n    signingKey: key.seed\n',
      3,
      /"AAAA" for namespaces\.red\.account: it is not the public key/,
      /.*/,
    ],
    ['namespaces:\n  system: { creds: user.creds }\n', 2, /"system".*a namespace is/, /.*/],
    ['namespaces:\n  a.b: { creds: user.creds }\n', 2, /"a\.b".*a namespace is/, /.*/],
    ['namespace: {}\n', 1, /the key "namespace".*not known/, /Did you mean "namespaces"/],
    ['namespaces:\n  red:\n    creds: 7\n', 3, /7 for namespaces\.red\.creds.*must be text/, /.*/],
    ['namespaces:\n\tred: {}\n', 2, /Cannot read/, /Indent with spaces/],
    ['namespaces:\n  red: { creds: a }\n  red: { creds: b }\n', 3, /"red" is there twice/, /Remove one/],
    ['namespaces: {}\n---\nnamespaces: {}\n', 2, /more than one document/, /in one document/],
  ];
  for (const [text, line, wanted, remedy] of rows) {
    const { message, hint, position } = await failure(text);
    assert.match(message, wanted, text);
    assert.match(hint ?? '', remedy, text);
    assert.equal(position?.line, line, text);
  }
});
