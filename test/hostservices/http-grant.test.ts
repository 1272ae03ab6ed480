import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStartRequest, startRequestToWire } from '../../src/host/manifest/index.ts';
import { classifyAddress } from '../../src/hostservices/http/addresses.ts';
import { createGrant, refusalOf } from '../../src/hostservices/http/grant.ts';
import { parseUrlPattern } from '../../src/hostservices/http/url-pattern.ts';
import { cpuMsOf } from '../support/cpu.ts';
import { httpBinding } from '../support/http.ts';

function covers(pattern: string, url: string, method = 'GET', methods: readonly string[] = []): boolean {
  const grant = createGrant('WEB', httpBinding([pattern], { methods }));
  return refusalOf(grant, method, new URL(url)) === undefined;
}

test('A pattern covers its scheme, host, port and path, and nothing beside them', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'https://api.example.com/*',
      ['https://api.example.com/', 'https://API.example.com:443/a/b?q=1#f'],
      [
        'http://api.example.com/',
        'https://api.example.com:8443/',
        'https://example.com/',
        'https://a.api.example.com/',
        'https://api.example.com.evil.test/',
        'https://evil.test/api.example.com/',
        'https://evil.test/?https://api.example.com/',
        'https://xapi.example.com/',
        'https://api.example.com./',
      ],
    ],
    ['https://api.example.com', ['https://api.example.com/anything'], ['http://api.example.com/']],
    [
      'https://*.example.com/*',
      ['https://a.example.com/', 'https://a.b.example.com/'],
      ['https://example.com/', 'https://aexample.com/', 'https://a.example.com.evil.test/'],
    ],
    [
      'http://127.0.0.1:8080/v1/*',
      ['http://127.0.0.1:8080/v1/a', 'http://2130706433:8080/v1/', 'http://127.1:8080/v1/x'],
      ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080/v2/', 'http://127.0.0.1/v1/a'],
    ],
    [
      'https://e.test/a/*/c',
      ['https://e.test/a/b/c', 'https://e.test/a/b/b/c'],
      ['https://e.test/a/c', 'https://e.test/a/b/cc'],
    ],
    [
      'https://e.test/only',
      ['https://e.test/only', 'https://e.test/only?x=/y'],
      ['https://e.test/only/', 'https://e.test/Only'],
    ],
    ['http://[::1]:80/*', ['http://[::1]/', 'http://[0:0::1]/'], ['http://[::2]/']],
    ['https://bücher.example/*', ['https://xn--bcher-kva.example/x'], ['https://bucher.example/']],
  ];
  for (const [pattern, inside, outside] of cases) {
    for (const url of inside) assert.ok(covers(pattern, url), `${pattern} covers ${url}`);
    for (const url of outside) assert.ok(!covers(pattern, url), `${pattern} does not cover ${url}`);
  }
});

test('No way of writing .. leaves the folder that a pattern names', () => {
  for (const path of [
    'public/../secret',
    'public/%2e%2e/secret',
    'public/.%2E/secret',
    'public/..%2fsecret',
    'public/..%5csecret',
    'public/%252e%252e/secret',
    'public/%252e%252e%252fsecret',
    'public\\..\\secret',
    'public/..;/secret',
    'public/..;a=b/secret',
    'public/%2e%2e;/secret',
    'public/x%00/../../secret',
    'public/.%00./secret',
  ]) {
    assert.ok(!covers('https://e.test/public/*', `https://e.test/${path}`), path);
  }
  for (const path of [
    'public/a..b',
    'public/...',
    'public/a%20b',
    'public/100%25',
    'public/a%2fb',
    'public/.well-known',
  ])
    assert.ok(covers('https://e.test/public/*', `https://e.test/${path}`), path);
});

test('A grant of methods covers these and no other', () => {
  assert.ok(covers('https://e.test/*', 'https://e.test/', 'PURGE'));
  assert.ok(covers('https://e.test/*', 'https://e.test/', 'GET', ['GET']));
  for (const method of ['POST', 'get', 'HEAD', 'GETX'])
    assert.ok(!covers('https://e.test/*', 'https://e.test/', method, ['GET']), method);
});

test('A pattern that could mean more than it says is refused, with the reason', () => {
  for (const text of [
    '*',
    '//e.test/*',
    'ftp://e.test/*',
    'https://*/*',
    'https://*.com/*',
    'https://a.*.com/*',
    'https://*a.test/*',
    'https://user@e.test/*',
    'https://u:p@e.test/*',
    'https://e.test/?q=*',
    'https://e.test/#x',
    'https://e.test/a/../b',
    'https://*.10.0.0.1/*',
    'https://e.test:99999/*',
    'https://e .test/',
    'https://e.test\\x/',
    '',
  ]) {
    assert.equal(typeof parseUrlPattern(text), 'string', text);
  }
});

test('Matching a path takes the same decision as a regular expression, and no longer than linear time', () => {
  const piece = fc.constantFrom('a', 'b', '/', '*', 'ab', '-');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(piece, { maxLength: 10 }), (left, right) => {
      const pattern = `/${left.join('')}`;
      const path = `/${right.join('').replaceAll('*', 'x')}`;
      const expression = new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/[-/]/g, '\\$&'))
          .join('.*')}$`,
        's',
      );
      assert.equal(
        covers(`https://e.test${pattern}`, `https://e.test${path}`),
        expression.test(path),
        `${pattern} ${path}`,
      );
    }),
  );
  const hostile = `/${'a*'.repeat(2_000)}b`;
  const tookMs = cpuMsOf(() => {
    assert.ok(!covers(`https://e.test${hostile}`, `https://e.test/${'a'.repeat(4_000)}`));
  });
  assert.ok(tookMs < 1_000, `it took ${tookMs} ms`);
});

test('Addresses are told apart as public, private and unusable', () => {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    public: [
      '1.1.1.1',
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '192.0.1.1',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
      '64:ff9b::808:808',
    ],
    private: [
      '127.0.0.1',
      '127.255.255.254',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '100.100.100.200',
      '192.0.0.192',
      '168.63.129.16',
      '198.18.0.1',
      '203.0.113.9',
      '::1',
      'fe80::1',
      'fec0::1',
      'fc00::1',
      'fd00:ec2::254',
      '2001:db8::1',
      '2001::1',
      '2002:7f00:1::1',
      '::ffff:127.0.0.1',
      '::ffff:a9fe:a9fe',
      '0:0:0:0:0:ffff:10.1.2.3',
      '64:ff9b::7f00:1',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::1',
      '::127.0.0.1',
      '100::1',
      '5f00::1',
    ],
    unusable: [
      '0.0.0.0',
      '0.1.2.3',
      '224.0.0.1',
      '239.1.1.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      'ff02::1',
      '::ffff:0.0.0.0',
      'fe80::1%eth0',
      '',
      'localhost',
      '1.2.3',
      '127.0.0.1.',
    ],
  };
  for (const [kind, addresses] of Object.entries(kinds))
    for (const address of addresses) assert.equal(classifyAddress(address), kind, address);
});

test('An http binding is read from a Nexfile and written back the same', () => {
  const wire = (bindings: object): object => ({ main: 'a.js', bindings });
  const start = parseStartRequest(wire({ WEB: { http: ['https://e.test/*'], methods: ['GET'] } }));
  assert.deepEqual(start.bindings, {
    WEB: { service: 'http', urls: ['https://e.test/*'], methods: ['GET'], private: false },
  });
  assert.deepEqual(parseStartRequest(startRequestToWire(start)).bindings, start.bindings);
  const open = parseStartRequest(wire({ WEB: { http: ['http://10.0.0.1:99/x'], private: true } }));
  assert.deepEqual(parseStartRequest(startRequestToWire(open)).bindings, open.bindings);
  for (const binding of [
    { http: [] },
    { http: 'https://e.test/*' },
    { http: ['https://*/*'] },
    { http: ['https://*.corp.test/*'], private: true },
    { http: ['https://e.test/*'], methods: [] },
    { http: ['https://e.test/*'], methods: ['TRACE'] },
    { http: ['https://e.test/*'], access: 'read' },
  ]) {
    assert.throws(
      () => parseStartRequest(wire({ WEB: binding })),
      { code: 'HS_NEXFILE_INVALID' },
      JSON.stringify(binding),
    );
  }
});
