import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EndpointChoice, endpointFrom, parseNatsContext } from '../../src/control/index.ts';

const CREDS = '-----BEGIN NATS USER JWT-----\nx\n-----BEGIN USER NKEY SEED-----\ny\n';
const SEED = `SU${'A'.repeat(56)}`;
const FILES: Readonly<Record<string, string>> = {
  '/home/ada/.config/nats/context.txt': 'work\n',
  '/home/ada/.config/nats/context/work.json': JSON.stringify({
    description: 'Work',
    url: 'nats://work:4222',
    creds: '~/work.creds',
    ca: '$HOME/ca.pem',
    nsc: '',
    jetstream_domain: '',
    inbox_prefix: '_INBOX_ada',
    color_scheme: 'green',
  }),
  '/home/ada/.config/nats/context/lab.json': JSON.stringify({ url: 'lab1,tls://lab2:4333', token: 't0k' }),
  '/home/ada/.config/nats/context/jwt.json': JSON.stringify({ user_jwt: 'JWT', user_seed: SEED }),
  '/home/ada/.config/nats/context/broken.json': '{ url: nope }',
  '/home/ada/.config/nats/context/typed.json': '{ "url": 7 }',
  '/home/ada/.config/nats/context/nsc.json': '{ "nsc": "nsc://op/acc/user" }',
  '/home/ada/.config/nats/context/domain.json': '{ "jetstream_domain": "hub" }',
  '/home/ada/work.creds': CREDS,
  '/home/ada/other.creds': `${CREDS}other`,
  '/home/ada/not.creds': 'hello',
  '/home/ada/user.nk': `# ada\n${SEED}\n`,
  '/home/ada/ca.pem': 'PEM',
};

function resolve(
  choice: EndpointChoice = {},
  env: Record<string, string> = {},
  files = FILES,
  hasOwnAccess: (servers: readonly string[]) => Promise<boolean> = () => Promise.resolve(false),
) {
  return endpointFrom(choice, {
    hasOwnAccess,
    env: { HOME: '/home/ada', ...env },
    async readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      return text;
    },
  });
}

test('Without any setting the endpoint is the local server', async () => {
  assert.deepEqual(await resolve({}, {}, {}), { servers: ['nats://127.0.0.1:4222'] });
});

test('The selected context decides what neither option nor environment says', async () => {
  assert.deepEqual(await resolve(), {
    servers: ['nats://work:4222'],
    creds: CREDS,
    credentialsFrom: '/home/ada/.config/nats/context/work.json',
    tlsCa: 'PEM',
    inboxPrefix: '_INBOX_ada',
  });
});

test('NATS_CONTEXT comes before the selected context, and --context before both', async () => {
  const lab = {
    servers: ['nats://lab1:4222', 'tls://lab2:4333'],
    token: 't0k',
    credentialsFrom: '/home/ada/.config/nats/context/lab.json',
  };
  assert.deepEqual(await resolve({}, { NATS_CONTEXT: 'lab' }), lab);
  assert.deepEqual(await resolve({ context: 'lab' }, { NATS_CONTEXT: 'work' }), lab);
});

test('The environment comes before the context, and options before the environment', async () => {
  const env = { NATS_URL: 'env:1', NATS_CREDS: '/home/ada/other.creds' };
  const fromEnv = await resolve({ context: 'work' }, env);
  assert.deepEqual(fromEnv.servers, ['nats://env:1']);
  assert.equal(fromEnv.creds, `${CREDS}other`);
  const fromOptions = await resolve({ server: 'opt:2', user: 'u', password: 'p' }, env);
  assert.deepEqual(fromOptions, {
    servers: ['nats://opt:2'],
    user: 'u',
    password: 'p',
    credentialsFrom: 'the command line',
  });
});

test('Each group is decided apart: a server by option keeps the context’s credentials, as with the nats command', async () => {
  const endpoint = await resolve({ server: 'opt:2' });
  assert.deepEqual(endpoint.servers, ['nats://opt:2']);
  assert.equal(endpoint.creds, CREDS);
  const credentials = await resolve({ creds: '~/other.creds' });
  assert.deepEqual(credentials.servers, ['nats://work:4222']);
  assert.equal(credentials.creds, `${CREDS}other`);
});

test('Where the user has access of its own, a context that is merely selected gives no credentials and no TLS files', async () => {
  const asked: (readonly string[])[] = [];
  const own = (choice: EndpointChoice, env: Record<string, string> = {}) =>
    resolve(choice, env, FILES, (servers) => {
      asked.push(servers);
      return Promise.resolve(true);
    });
  assert.deepEqual(await own({ server: 'own:2' }), { servers: ['nats://own:2'] });
  assert.deepEqual(asked, [['nats://own:2']]);
  assert.equal((await own({ server: 'own:2', creds: '~/other.creds' })).creds, `${CREDS}other`);
  assert.equal((await own({ server: 'own:2' }, { NATS_CREDS: '~/other.creds' })).creds, `${CREDS}other`);
  assert.equal((await own({ server: 'own:2', context: 'work' })).creds, CREDS);
  assert.equal((await own({ server: 'own:2' }, { NATS_CONTEXT: 'work' })).creds, CREDS);
});

test('A user without a password is a token, an nkey file gives its seed, a context’s JWT becomes credentials', async () => {
  assert.equal((await resolve({ user: 'secret' })).token, 'secret');
  assert.equal((await resolve({}, { NATS_NKEY: '/home/ada/user.nk' })).nkeySeed, SEED);
  const { creds } = await resolve({ context: 'jwt' });
  assert.match(creds ?? '', new RegExp(`BEGIN NATS USER JWT-----\\nJWT\\n[^]*KEY SEED-----\\n${SEED}\\n`));
});

test('User and password in an address are taken out of it and count last', async () => {
  const url = 'nats://ada:p%40ss@one,two:4333,[::1]:4444';
  assert.deepEqual(await resolve({ server: url }, {}, {}), {
    servers: ['nats://one:4222', 'nats://two:4333', 'nats://[::1]:4444'],
    user: 'ada',
    password: 'p@ss',
    credentialsFrom: 'the command line',
  });
  assert.equal((await resolve({ server: url, token: 't' }, {}, {})).token, 't');
  assert.equal((await resolve({ server: 'nats://t0k@one' }, {}, {})).token, 't0k');
});

test('An empty variable counts as absent', async () => {
  const endpoint = await resolve({}, { NATS_URL: '', NATS_CREDS: '', NATS_CONTEXT: '' });
  assert.deepEqual(endpoint.servers, ['nats://work:4222']);
});

test('A file that is missing or is not what it should be is refused by its name', async () => {
  for (const [choice, message] of [
    [{ context: 'absent' }, /"\/home\/ada\/\.config\/nats\/context\/absent\.json": there is no such file/],
    [{ context: 'broken' }, /context\/broken\.json": it is not JSON/],
    [{ context: 'typed' }, /context\/typed\.json": "url" is of the wrong type/],
    [{ context: 'nsc' }, /context\/nsc\.json": "nsc" is not supported/],
    [{ context: 'domain' }, /context\/domain\.json": "jetstream_domain" is not supported/],
    [{ context: '../../etc/passwd' }, /as the name of a NATS context/],
    [{ creds: '~/none.creds' }, /credentials file "\/home\/ada\/none\.creds": there is no such file/],
    [{ creds: '~/not.creds' }, /"~\/not\.creds": it is not a credentials file/],
    [{ nkey: '~/not.creds' }, /no user nkey seed/],
    [{ server: 'wss://one' }, /scheme "wss"/],
    [{ server: 'nats://' }, /the command line/],
    [{ server: ' , ' }, /it is empty/],
  ] as const) {
    await assert.rejects(resolve(choice), { code: 'HS_CONTEXT_INVALID', message });
  }
});

test('A refused address does not show its password', async () => {
  await assert.rejects(resolve({ server: 'http://ada:secret@one' }), (error: Error) => {
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});

test('A context file keeps what is set and drops what is empty', () => {
  const text = '{"url":"nats://a","token":"","user":"u","password":"p","nkey":"","tls_first":false}';
  assert.deepEqual(parseNatsContext(text, 'x.json'), { url: 'nats://a', user: 'u', password: 'p' });
});
