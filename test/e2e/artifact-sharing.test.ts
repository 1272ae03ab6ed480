/** A deployment whose artifact has been brought or found is not undone by what becomes of others with the same one. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { type ControlClient, putArtifact } from '../../src/control/index.ts';
import { wrapScript } from '../../src/host/bundle/index.ts';
import { artifactUri } from '../../src/host/index.ts';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { type Answer, until } from '../support/load.ts';

const first = await startTestHost();
const second = await startTestHost({ nats: first.nats });
const walled = await startTestHost({ accounts: true });
after(async () => {
  await using _third = walled;
  await using _first = first;
  await using _second = second;
});

const WORLDS: readonly { what: string; one: TestHost; other: TestHost }[] = [
  { what: 'on one node', one: first, other: first },
  { what: 'on two nodes', one: first, other: second },
  { what: 'from the account of a namespace', one: walled, other: walled },
];

/** What makes a node refuse it after it has looked at the artifact. */
const REFUSED = { bindings: { B: { kv: 'nowhere', existing: true } } };

/** Brings the artifact, or finds it. */
async function bring({ nc }: TestHost, code: string): Promise<string> {
  const { digest, bytes } = await wrapScript(code, 'a.mjs');
  await putArtifact(nc, digest, bytes);
  return artifactUri(digest);
}

/** Deploys what has been brought. */
function deploy(
  { host, client }: TestHost,
  name: string,
  uri: string,
  more: object = {},
): ReturnType<ControlClient['deploy']> {
  const request = {
    name,
    description: '',
    workload_type: 'javascript',
    workload_lifecycle: 'function',
    tags: {},
    run_request: JSON.stringify({ uri, triggers: [{ subject: name }], limits: { cpu: '1s' }, ...more }),
  };
  return client().deploy(request, { nodeId: host.nodeId });
}

/** By then a node has done whatever it does after its answer to an earlier request. */
async function settle(...worlds: readonly TestHost[]): Promise<void> {
  for (const world of worlds) {
    await until('the server has the account with all that it may have', () => servesArtifacts(world));
    for (const text of ['a', 'b'])
      await world.deploy({ name: 'settler', code: handler(`return "${text}";`) });
    await world.client().undeploy('settler');
  }
}

/** While the claims of an account change, nats-server says for a moment that it has no JetStream. */
async function servesArtifacts({ nc }: TestHost): Promise<boolean> {
  try {
    await (await jetstreamManager(nc)).getAccountInfo();
    return true;
  } catch {
    return false;
  }
}

for (const { what, one, other } of WORLDS) {
  test(`Found before a deployment with it is refused, it is deployed afterwards, ${what}`, async () => {
    const uri = await bring(one, handler('return "refused once";'));
    await assert.rejects(deploy(one, 'chance', uri, REFUSED), { code: 'HS_KV_BUCKET_MISSING' });
    await settle(one, other);
    await deploy(other, 'chance', uri);
    assert.equal((await other.ask('chance')).text, 'refused once');
    await other.client().undeploy('chance');
  });

  test(`Found before the one function with it is undeployed, it is deployed afterwards, ${what}`, async () => {
    const code = handler('return "shared";');
    await deploy(one, 'parting', await bring(one, code));
    const uri = await bring(other, code);
    await one.client().undeploy('parting');
    await settle(one, other);
    await deploy(other, 'coming', uri);
    assert.equal((await other.ask('coming')).text, 'shared');
    await other.client().undeploy('coming');
  });

  test(`Found before its function gets other code, it is deployed afterwards, ${what}`, async () => {
    const code = handler('return "back";');
    await deploy(one, 'turning', await bring(one, code));
    const uri = await bring(other, code);
    await deploy(one, 'turning', await bring(one, handler('return "forth";')));
    await settle(one, other);
    await deploy(other, 'returning', uri);
    assert.equal((await other.ask('returning')).text, 'back');
    for (const name of ['turning', 'returning'])
      await one
        .client()
        .undeploy(name)
        .catch(() => undefined);
  });

  test(`Of two deployments with it at once one is refused, and the other has it, ${what}`, async () => {
    for (let round = 0; round < 8; round += 1) {
      const code = handler(`return "round ${round}";`);
      const [refused, accepted] = await Promise.allSettled([
        bring(one, code).then((uri) => deploy(one, `no-${round}`, uri, REFUSED)),
        bring(other, code).then((uri) => deploy(other, 'yes', uri)),
      ]);
      assert.equal(refused?.status === 'rejected' && refused.reason.code, 'HS_KV_BUCKET_MISSING');
      assert.equal(
        accepted?.status,
        'fulfilled',
        accepted?.status === 'rejected' ? `${accepted.reason}` : '',
      );
      // Each node has it: those that it was not sent to a moment later.
      const answers = (): Promise<readonly Answer[]> =>
        Promise.all(Array.from({ length: 10 }, () => other.ask('yes')));
      await until('all have the new one', async () =>
        (await answers()).every(({ text }) => text === `round ${round}`),
      );
    }
    if (one.operator === undefined) {
      // And a node that starts now finds it.
      await using late = await startTestHost({ nats: one.nats });
      assert.equal(
        late.logs.find(({ level }) => level === 'error'),
        undefined,
      );
    }
    await other.client().undeploy('yes');
  });
}
