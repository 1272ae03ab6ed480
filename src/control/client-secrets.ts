import { z } from 'zod';
import { HairspringError, hairspringSubjects } from '../core/index.ts';
import { askNodes } from './ask-nodes.ts';
import { ask, assertToken, type ClientContext } from './client-request.ts';
import { parseReply } from './replies.ts';
import { checkSecret, sealSecret, verifySecretKey } from './seal-secret.ts';
import type { DeletedSecret, NodeSecretList, SecretKey, StoredSecret } from './secret-types.ts';

export interface SetSecretOptions {
  /** Ids of the nodes to seal to. @default all that answer */
  readonly nodes?: readonly string[];
  /** From then on it is not opened any more. */
  readonly notAfter?: Date | undefined;
}

export interface SetSecretResult {
  readonly name: string;
  readonly nodes: readonly {
    readonly nodeId: string;
    /** Whether a cell of the node has tried that it opens. */
    readonly opened: boolean;
    /** Names of the functions that run with it from now on, and why others do not. */
    readonly functions: readonly string[];
    readonly failures: readonly string[];
  }[];
}

/** A secret of the namespace, over all nodes. */
export interface SecretSummary {
  readonly name: string;
  /** When the newest of its values was set. */
  readonly setAt: string;
  readonly notAfter?: string;
  /** Names of the functions that are bound to it. */
  readonly functions: readonly string[];
  /** Nodes that have it. */
  readonly nodes: readonly string[];
  /** Nodes that answered and do not have it. */
  readonly missingOn: readonly string[];
}

const secretKey: z.ZodType<SecretKey> = z.object({
  node_id: z.string(),
  namespace: z.string(),
  xkey: z.string(),
  signature: z.string(),
});

const storedSecret: z.ZodType<StoredSecret> = z.object({
  node_id: z.string(),
  name: z.string(),
  id: z.string(),
  opened: z.boolean(),
  functions: z.array(z.string()),
  failures: z.array(z.string()),
});

const nodeSecretList: z.ZodType<NodeSecretList> = z.object({
  node_id: z.string(),
  secrets: z.array(
    z.object({
      name: z.string(),
      id: z.string(),
      set_at: z.string(),
      not_after: z.string().exactOptional(),
      functions: z.array(z.string()),
    }),
  ),
});

const deletedSecret: z.ZodType<DeletedSecret> = z.object({ node_id: z.string(), name: z.string() });

/** A node opens it first and lets functions go over to it, which may take as long as a deployment. */
const SET_TIMEOUT_MS = 30_000;

/**
 * Seals a secret for each node and stores it there, in the place of its earlier value. Nothing is sealed before all
 * keys are found to be the nodes' own.
 * @throws HS_SECRET_INVALID, HS_SECRET_KEY_UNTRUSTED, HS_NO_NODE, and what a node says that refuses it
 */
export async function setSecret(
  context: ClientContext,
  name: string,
  value: string,
  { nodes, notAfter }: SetSecretOptions,
): Promise<SetSecretResult> {
  checkSecret(name, value);
  const { namespace, clock } = context;
  const action = `Cannot set secret "${name}"`;
  const keys = chooseKeys(await secretKeys(context, action), nodes, action);
  for (const key of keys) verifySecretKey(key, namespace);
  const secret = { namespace, name, value, setAt: new Date(clock.now()), notAfter };
  const done: SetSecretResult['nodes'][number][] = [];
  for (const { node_id: nodeId, xkey } of keys) {
    const subject = hairspringSubjects.secretSet(namespace, nodeId);
    try {
      const answer = await ask(context, subject, sealSecret(secret, xkey), {
        action: `${action} on node ${nodeId}`,
        timeoutMs: context.slowTimeoutMs(SET_TIMEOUT_MS),
      });
      const { opened, functions, failures } = parseReply(storedSecret, answer, 'reply to a secret');
      done.push({ nodeId, opened, functions, failures });
    } catch (error) {
      throw afterOthers(HairspringError.from(error), nodeId, done);
    }
  }
  return { name, nodes: done };
}

/** Whoever asked must know that some nodes have the new value already. */
function afterOthers(
  error: HairspringError,
  nodeId: string,
  done: SetSecretResult['nodes'],
): HairspringError {
  if (done.length === 0) return error;
  const nodes = done.map((one) => one.nodeId).join(', ');
  return new HairspringError(error.code, error.message, {
    cause: error,
    hint: `It is set on ${nodes}, and not on ${nodeId}. ${error.hint ?? error.info.remedy}`,
  });
}

function secretKeys(context: ClientContext, action: string): Promise<readonly SecretKey[]> {
  const subject = hairspringSubjects.secretKey(context.namespace);
  return askNodes(context, subject, {}, { action, schema: secretKey, what: 'key of a node' });
}

/** @throws HS_NO_NODE for one that did not answer, HS_SECRET_KEY_UNTRUSTED for one that gave two keys */
function chooseKeys(
  keys: readonly SecretKey[],
  nodes: readonly string[] | undefined,
  action: string,
): readonly SecretKey[] {
  const byNode = new Map<string, SecretKey>();
  for (const key of keys) {
    if (nodes !== undefined && !nodes.includes(key.node_id)) continue;
    if ((byNode.get(key.node_id)?.xkey ?? key.xkey) !== key.xkey)
      throw new HairspringError(
        'HS_SECRET_KEY_UNTRUSTED',
        `${action}: node "${key.node_id}" answered with two keys`,
      );
    byNode.set(key.node_id, key);
  }
  const absent = nodes?.find((nodeId) => !byNode.has(nodeId));
  if (absent !== undefined)
    throw new HairspringError('HS_NO_NODE', `${action}: node "${absent}" does not answer`);
  return [...byNode.values()];
}

/** The secrets of the namespace by name, without their values. @throws HS_NO_NODE */
export async function listSecrets(context: ClientContext): Promise<SecretSummary[]> {
  const subject = hairspringSubjects.secretList(context.namespace);
  const lists = await askNodes(
    context,
    subject,
    {},
    { action: 'Cannot list secrets', schema: nodeSecretList, what: 'list of secrets' },
  );
  return summarize(lists);
}

function summarize(lists: readonly NodeSecretList[]): SecretSummary[] {
  const names = new Set(lists.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
  return [...names].sort().map((name) => {
    const copies = lists.flatMap(({ secrets }) => secrets.filter((secret) => secret.name === name));
    const newest = copies.reduce((a, b) => (b.set_at > a.set_at ? b : a));
    const has = ({ secrets }: NodeSecretList): boolean => secrets.some((secret) => secret.name === name);
    return {
      name,
      setAt: newest.set_at,
      ...(newest.not_after === undefined ? {} : { notAfter: newest.not_after }),
      functions: [...new Set(copies.flatMap(({ functions }) => functions))].sort(),
      nodes: lists.filter(has).map(({ node_id }) => node_id),
      missingOn: lists.filter((list) => !has(list)).map(({ node_id }) => node_id),
    };
  });
}

/**
 * Deletes a secret on every node.
 * @returns the nodes that had it
 * @throws HS_SECRET_MISSING when none has, HS_SECRET_IN_USE, HS_NO_NODE
 */
export async function deleteSecret(context: ClientContext, name: string): Promise<readonly string[]> {
  assertToken(name, 'name of a secret');
  const subject = hairspringSubjects.secretDelete(context.namespace, name);
  const deleted = await askNodes(
    context,
    subject,
    {},
    {
      action: `Cannot delete secret "${name}"`,
      schema: deletedSecret,
      what: 'reply to a deletion',
      notHeld: 'HS_SECRET_MISSING',
    },
  );
  return deleted.map(({ node_id }) => node_id);
}
