import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { HairspringError } from '../../src/core/index.ts';
import {
  defaultCacheDir,
  type FetchProgress,
  type FindNatsServerOptions,
  findNatsServer,
  type NatsRelease,
} from '../../src/host/nats-server/index.ts';

let folder = '';
let releases: Server;
let baseUrl = '';
const served = new Map<string, Buffer>();
let downloads = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-find-'));
  releases = createServer((request, response) => {
    const body = served.get(request.url ?? '');
    downloads += 1;
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  await new Promise<void>((resolve) => releases.listen(0, '127.0.0.1', resolve));
  const { port } = releases.address() as AddressInfo;
  baseUrl = `http://127.0.0.1:${port}`;
});

after(async () => {
  releases.closeAllConnections();
  releases.close();
  await rm(folder, { recursive: true, force: true });
});

const PLATFORM = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** A program that says of itself that it is nats-server `version`. */
function fakeServer(version: string): string {
  return `#!/bin/sh\necho "nats-server: v${version}"\n`;
}

async function writeProgram(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** A tar archive with one file, as the releases are packed. */
function packArchive(path: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  const body = Buffer.from(content);
  header.write(path, 0, 'latin1');
  header.write('0000755\0', 100, 'latin1');
  header.write(`${body.length.toString(8).padStart(11, '0')} `, 124, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\0', 257, 'latin1');
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return gzipSync(Buffer.concat([header, body, padding, Buffer.alloc(1024)]));
}

/** Serves `archive` as the release `version`; its pinned checksum is that of `pinned`. */
function publish(version: string, archive: Buffer, pinned: Buffer = archive): NatsRelease {
  served.set(`/${version}/nats-server-v${version}-${PLATFORM}.tar.gz`, archive);
  const sha256 = { [PLATFORM]: createHash('sha256').update(pinned).digest('hex') };
  return { version, baseUrl: `${baseUrl}/${version}`, sha256 };
}

interface Search {
  readonly options: FindNatsServerOptions;
  readonly events: FetchProgress[];
}

/** A search in an empty cache with nothing on PATH; its only way out is the release, which is missing too. */
async function emptySearch(overrides: Partial<FindNatsServerOptions> = {}): Promise<Search> {
  const events: FetchProgress[] = [];
  const options: FindNatsServerOptions = {
    cacheDir: await mkdtemp(join(folder, 'cache-')),
    pathVariable: join(folder, 'nothing-here'),
    report: (event) => events.push(event),
    release: { version: '2.14.5', baseUrl: `${baseUrl}/none`, sha256: { [PLATFORM]: '00' } },
    ...overrides,
  };
  return { options, events };
}

async function failureOf(options: FindNatsServerOptions): Promise<HairspringError> {
  try {
    await findNatsServer(options);
  } catch (error) {
    assert.ok(HairspringError.is(error), `expected a coded error, got ${String(error)}`);
    return error;
  }
  assert.fail('a nats-server was found');
}

test('An explicit path to nothing is refused with the path, and nothing else is tried', async () => {
  const path = join(folder, 'missing', 'nats-server');
  const { options, events } = await emptySearch({ explicitPath: path });
  const error = await failureOf(options);
  assert.equal(error.code, 'HS_NATS_SERVER_MISSING');
  assert.ok(error.message.includes(path));
  assert.match(error.hint ?? '', /--nats-server/);
  assert.deepEqual(events, []);
});

test('An explicit path to another program is refused', async () => {
  const explicitPath = await writeProgram(join(folder, 'other'), '#!/bin/sh\necho "GNU Hello 2.10.1"\n');
  const { options } = await emptySearch({ explicitPath });
  const error = await failureOf(options);
  assert.equal(error.code, 'HS_NATS_SERVER_MISSING');
  assert.match(error.message, /does not print the version of a nats-server/);
});

test('An explicit path to an old nats-server is refused with both versions', async () => {
  const explicitPath = await writeProgram(join(folder, 'old'), fakeServer('2.9.10'));
  const { options } = await emptySearch({ explicitPath });
  const error = await failureOf(options);
  assert.equal(error.code, 'HS_NATS_VERSION');
  assert.match(error.message, /2\.9\.10, older than 2\.10\.27/);
});

test('An old nats-server on PATH is passed over, with the reason, for a newer one behind it', async () => {
  const old = join(folder, 'path-old');
  const good = join(folder, 'path-good');
  await writeProgram(join(old, 'nats-server'), fakeServer('2.9.10'));
  await writeProgram(join(good, 'nats-server'), fakeServer('2.10.27'));
  const { options, events } = await emptySearch({ pathVariable: `${old}:${good}` });
  assert.deepEqual(await findNatsServer(options), {
    path: join(good, 'nats-server'),
    version: '2.10.27',
    origin: 'path',
  });
  assert.equal(events.length, 1);
  assert.ok(events[0]?.type === 'rejected' && events[0].reason.includes('2.9.10'));
});

test('The cache gives its newest supported version without the network', async () => {
  const { options, events } = await emptySearch({ offline: true });
  for (const version of ['2.9.0', '2.10.26', '2.10.27', '2.11.3']) {
    await writeProgram(join(options.cacheDir, 'nats-server', version, 'nats-server'), fakeServer(version));
  }
  const found = await findNatsServer(options);
  assert.equal(found.origin, 'cache');
  assert.equal(found.version, '2.11.3');
  assert.deepEqual(events, []);
});

test('A cached file that does not run is passed over', async () => {
  const { options } = await emptySearch({ offline: true });
  const cache = join(options.cacheDir, 'nats-server');
  await writeProgram(join(cache, '2.14.5', 'nats-server'), 'not a program');
  await writeProgram(join(cache, '2.11.0', 'nats-server'), fakeServer('2.11.0'));
  assert.equal((await findNatsServer(options)).version, '2.11.0');
});

test('The release is unpacked into the cache, from where the next search takes it', async () => {
  const release = publish('2.14.5', packArchive('nats-server-v2.14.5/nats-server', fakeServer('2.14.5')));
  const { options, events } = await emptySearch({ release });
  const path = join(options.cacheDir, 'nats-server', '2.14.5', 'nats-server');
  assert.deepEqual(await findNatsServer(options), { path, version: '2.14.5', origin: 'release' });
  assert.equal(await readFile(path, 'utf8'), fakeServer('2.14.5'));
  assert.deepEqual(
    [...new Set(events.map((event) => event.type))],
    ['started', 'downloaded', 'installed'],
    'progress is reported',
  );
  assert.deepEqual(await readdir(join(options.cacheDir, 'nats-server')), ['2.14.5'], 'nothing is left over');
  assert.deepEqual(await findNatsServer(options), { path, version: '2.14.5', origin: 'cache' });
});

test('A release with another checksum is refused before it is unpacked', async () => {
  const honest = packArchive('nats-server-v2.14.6/nats-server', fakeServer('2.14.6'));
  const evil = packArchive('nats-server-v2.14.6/nats-server', `${fakeServer('2.14.6')}# and more\n`);
  const { options } = await emptySearch({ release: publish('2.14.6', evil, honest) });
  const error = await failureOf(options);
  assert.equal(error.code, 'HS_NATS_SERVER_MISSING');
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  assert.ok(error.message.includes(digest(evil)) && error.message.includes(digest(honest)));
  assert.deepEqual(await readdir(join(options.cacheDir, 'nats-server')), []);
});

test('An archive that is cut short is refused although its checksum is right', async () => {
  const whole = packArchive('nats-server-v2.14.7/nats-server', fakeServer('2.14.7'));
  const { options } = await emptySearch({ release: publish('2.14.7', whole.subarray(0, whole.length / 2)) });
  assert.match((await failureOf(options)).message, /official release: /);
});

test('When every way fails the error lists each one with its reason, and says what helps', async () => {
  const old = join(folder, 'path-old-only');
  await writeProgram(join(old, 'nats-server'), fakeServer('2.9.10'));
  const { options } = await emptySearch({ pathVariable: old });
  const error = await failureOf(options);
  assert.equal(error.code, 'HS_NATS_SERVER_MISSING');
  const lines = error.message.split('\n').map((line) => line.trim());
  assert.equal(lines.length, 6);
  assert.match(lines[1] ?? '', /^PATH: .*2\.9\.10, older than 2\.10\.27/);
  assert.match(lines[2] ?? '', /^cache: .*holds none/);
  assert.match(lines[3] ?? '', /^official release: .*answers 404/);
  assert.match(lines[4] ?? '', /^Debian's package: there is no apt-get/);
  assert.match(lines[5] ?? '', /^go install: there is no go/);
  assert.match(error.hint ?? '', /--nats-server PATH/);
});

test('A release server that refuses connections is named with the reason', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const release = { version: '2.14.5', baseUrl: `http://127.0.0.1:${port}`, sha256: { [PLATFORM]: '00' } };
  const { options } = await emptySearch({ release });
  assert.match((await failureOf(options)).message, /official release: .*ECONNREFUSED/);
});

/** A proxy that has the releases of every host, refuses to tunnel, and tells what it was asked for. */
async function startProxy(): Promise<AsyncDisposable & { readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(served.get(new URL(url).pathname));
  });
  proxy.on('connect', ({ url = '' }, client) => {
    asked.push(url);
    client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

function setVariable(name: string, value: string): Disposable {
  const before = process.env[name];
  process.env[name] = value;
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    },
  };
}

test('The release is fetched by the proxy that the environment names, and without it from hosts of NO_PROXY', async () => {
  await using proxy = await startProxy();
  using _proxy = setVariable('HTTP_PROXY', proxy.url);
  using _direct = setVariable('NO_PROXY', '127.0.0.1');
  const release = publish('2.14.11', packArchive('x/nats-server', fakeServer('2.14.11')));
  const direct = await emptySearch({ release });
  assert.equal((await findNatsServer(direct.options)).version, '2.14.11');
  assert.deepEqual(proxy.asked, []);
  const baseUrl = 'http://releases.invalid/2.14.11';
  const proxied = await emptySearch({ release: { ...release, baseUrl } });
  assert.equal((await findNatsServer(proxied.options)).version, '2.14.11');
  assert.deepEqual(proxy.asked.splice(0), [`${baseUrl}/nats-server-v2.14.11-${PLATFORM}.tar.gz`]);
  await assert.rejects(fetch(baseUrl), 'nothing else goes by the proxy');
});

test('A proxy that refuses, is not there or is no address is told with the reason', async () => {
  await using proxy = await startProxy();
  for (const [value, reason] of [
    [proxy.url, /official release: .* cannot be fetched: .*403/],
    ['http://127.0.0.1:9', /official release: .* cannot be fetched: .*ECONNREFUSED 127\.0\.0\.1:9\n/],
    ['proxy:port', /official release: HTTPS_PROXY or HTTP_PROXY is no address/],
  ] as const) {
    using _proxy = setVariable('HTTPS_PROXY', value);
    const baseUrl = 'https://releases.invalid';
    const { options } = await emptySearch({
      release: { version: '2.14.5', baseUrl, sha256: { [PLATFORM]: '00' } },
    });
    assert.match((await failureOf(options)).message, reason);
  }
  assert.deepEqual(proxy.asked, ['releases.invalid:443']);
});

test('Without the network nothing is fetched, and the error says so', async () => {
  const release = publish('2.14.8', packArchive('x/nats-server', fakeServer('2.14.8')));
  const { options, events } = await emptySearch({ release, offline: true });
  assert.match((await failureOf(options)).message, /official release: not tried without the network/);
  assert.deepEqual(events, []);
});

test('A cache folder that cannot be made is named, with the variable that moves it', async () => {
  const { options } = await emptySearch({ cacheDir: '/dev/null/cache' });
  const error = await failureOf(options);
  assert.match(error.message, /cache: cannot be written: .*\/dev\/null\/cache/);
  assert.match(error.hint ?? '', /HAIRSPRING_CACHE/);
});

test('Searches at the same time fetch once', async () => {
  const release = publish('2.14.9', packArchive('x/nats-server', fakeServer('2.14.9')));
  const { options } = await emptySearch({ release });
  const before = downloads;
  const found = await Promise.all(Array.from({ length: 4 }, () => findNatsServer(options)));
  assert.deepEqual([...new Set(found.map((server) => server.version))], ['2.14.9']);
  assert.equal(downloads - before, 1);
});

test('The lock of a process that is gone does not hold up the next search', async () => {
  const release = publish('2.14.10', packArchive('x/nats-server', fakeServer('2.14.10')));
  const { options } = await emptySearch({ release });
  await mkdir(join(options.cacheDir, 'nats-server'), { recursive: true });
  // Above the largest process id that a kernel gives.
  await writeFile(join(options.cacheDir, 'nats-server', '.lock'), '4194305');
  assert.equal((await findNatsServer(options)).version, '2.14.10');
});

test("Debian's package is taken with a private apt from the archive that the machine names", async () => {
  const tools = await mkdtemp(join(folder, 'tools-'));
  const calls = join(tools, 'calls');
  const aptGet = `#!/bin/sh
echo "$PWD|$*" >> ${calls}
case "$*" in
  indextargets*)
    echo 'Packages|http://mirror.test/debian/|bookworm|${tools}/machine.sources:1'
    echo 'DEP-11|http://mirror.test/debian/|bookworm|${tools}/machine.sources:1'
    echo 'Packages|http://mirror.test/debian-security/|bookworm-security|${tools}/machine.sources:2' ;;
  *update) cp "$PWD/sources/debian.sources" ${tools}/used ;;
  *'download nats-server') touch "$PWD/nats-server_2.15.1-1.deb" ;;
esac
`;
  const dpkgDeb = `#!/bin/sh
mkdir -p "$3/usr/sbin" && cp ${tools}/packaged "$3/usr/sbin/nats-server"
`;
  await writeProgram(join(tools, 'apt-get'), aptGet);
  await writeProgram(join(tools, 'dpkg-deb'), dpkgDeb);
  await writeProgram(join(tools, 'packaged'), fakeServer('2.15.1'));
  await writeFile(
    join(tools, 'machine.sources'),
    'Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm\nSigned-By: /keys/debian.gpg\n',
  );
  const { options } = await emptySearch({ pathVariable: tools });
  const found = await findNatsServer(options);
  assert.equal(found.origin, 'debian');
  assert.equal(found.version, '2.15.1');
  const sources = await readFile(join(tools, 'used'), 'utf8');
  assert.match(sources, /^URIs: http:\/\/mirror\.test\/debian\/$/m);
  assert.match(sources, /^Suites: sid$/m);
  assert.match(sources, /^Signed-By: \/keys\/debian\.gpg$/m);
  for (const call of (await readFile(calls, 'utf8')).trim().split('\n').slice(1)) {
    const [cwd = '', args = ''] = call.split('|');
    assert.ok(cwd.startsWith(options.cacheDir), 'apt runs in a private folder');
    for (const setting of ['Dir::State', 'Dir::State::lists', 'Dir::State::status', 'Dir::Cache']) {
      assert.ok(args.includes(`-o ${setting}=${cwd}`), `${setting} is private`);
    }
  }
});

test('The cache folder follows HAIRSPRING_CACHE, then XDG_CACHE_HOME, then the home folder', () => {
  const HOME = '/somebody';
  assert.equal(defaultCacheDir({ HOME, XDG_CACHE_HOME: '/xdg', HAIRSPRING_CACHE: '/own' }), '/own');
  assert.equal(defaultCacheDir({ HOME, XDG_CACHE_HOME: '/xdg' }), '/xdg/hairspring');
  assert.equal(defaultCacheDir({ HOME, XDG_CACHE_HOME: '' }), '/somebody/.cache/hairspring');
});
