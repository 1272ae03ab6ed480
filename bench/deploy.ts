import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  type ControlClient,
  createControlClient,
  type DeployRequest,
  putArtifact,
} from '../src/control/index.ts';
import { artifactUri, bundleFunction, digestOf, encodeArtifact } from '../src/host/index.ts';

/** The namespace of everything that the bench deploys: one cell. */
export const NAMESPACE = 'bench';

export interface BenchFunction {
  readonly name: string;
  readonly subject: string;
  /** Of an HTTP trigger beside that of the subject. @default none */
  readonly route?: string;
  /** As in a Nexfile. */
  readonly bindings?: Readonly<Record<string, object>>;
  /** As in a Nexfile. */
  readonly environment?: Readonly<Record<string, string>>;
  /** As in a Nexfile. */
  readonly limits?: Readonly<Record<string, string | number>>;
}

const BUNDLE_START = '= (() => {';
const FOLDER = fileURLToPath(new URL('./functions/', import.meta.url));

export interface DeployOptions {
  /** Whether each function has an artifact of its own, as different programs have. @default false */
  readonly distinct?: boolean;
  /** Functions that are never called are added to the script until it has so many characters. @default 0 */
  readonly padTo?: number;
  /** Deployments under way at once. @default 1 */
  readonly atOnce?: number;
}

/** Deploys copies of one source file of bench/functions, as the CLI would. */
export async function deployCopies(
  nc: NatsConnection,
  entry: string,
  functions: readonly BenchFunction[],
  { distinct = false, atOnce = 1, padTo = 0 }: DeployOptions = {},
): Promise<void> {
  const { artifact, digest, bytes, code } = await bundlePadded(entry, padTo);
  if (!distinct) await putArtifact(nc, digest, bytes);
  const client = createControlClient(nc, { namespace: NAMESPACE, timeoutMs: 30_000 });
  const queue = [...functions];
  const deployNext = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!distinct) {
        await deployOne(client, digest, next);
        continue;
      }
      const own = encodeArtifact({ ...artifact, code: `${code}\n// ${next.name}` });
      const ownDigest = digestOf(own);
      await putArtifact(nc, ownDigest, own);
      await deployOne(client, ownDigest, next);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, deployNext));
}

/** A source file of bench/functions as it is deployed, with its code padded. */
export async function bundlePadded(entry: string, padTo: number) {
  const bundle = await bundleFunction({ entry, folder: FOLDER });
  return { ...bundle, code: pad(bundle.artifact.code, padTo) };
}

/** Deploys copies of a WebAssembly module; with `distinct` each is another one. */
export async function deployModule(
  nc: NatsConnection,
  module: Uint8Array,
  functions: readonly BenchFunction[],
  { distinct = false }: Pick<DeployOptions, 'distinct'> = {},
): Promise<void> {
  const client = createControlClient(nc, { namespace: NAMESPACE, timeoutMs: 30_000 });
  for (const each of functions) {
    const own = distinct ? withName(module, each.name) : module;
    const bytes = encodeArtifact({
      format: 1,
      type: 'wasm',
      module: Buffer.from(own).toString('base64'),
      files: undefined,
      reuse: false,
    });
    const digest = digestOf(bytes);
    await putArtifact(nc, digest, bytes);
    await deployOne(client, digest, each, 'wasm');
  }
}

/** The module with a custom section of that name at its end. */
function withName(module: Uint8Array, name: string): Uint8Array {
  const section = [0, name.length + 1, name.length, ...Buffer.from(name)];
  return Buffer.concat([module, Uint8Array.from(section)]);
}

/** As a bundle has code that the function does not need: inside the function that a bundle is. */
function pad(code: string, chars: number): string {
  const at = code.indexOf(BUNDLE_START) + BUNDLE_START.length;
  if (at < BUNDLE_START.length) throw new Error(`The bundle does not begin with ${BUNDLE_START}`);
  let padding = '';
  for (let index = 0; code.length + padding.length < chars; index += 1)
    padding += `\n  function unused${index}(list, wanted) {\n    return list.filter(({ kind }) => kind === wanted).map(({ name }) => name + '${index}');\n  }`;
  return code.slice(0, at) + padding + code.slice(at);
}

async function deployOne(
  client: ControlClient,
  digest: string,
  one: BenchFunction,
  type: 'javascript' | 'wasm' = 'javascript',
): Promise<void> {
  await client.deploy(requestOf(digest, one, type));
}

/** What is asked of the control plane for a function with this artifact. */
export function requestOf(
  digest: string,
  { name, subject, route, bindings = {}, environment = {}, limits = {} }: BenchFunction,
  type: 'javascript' | 'wasm' = 'javascript',
): DeployRequest {
  return {
    name,
    description: 'Deployed by the bench',
    workload_type: type,
    workload_lifecycle: 'function',
    tags: {},
    run_request: JSON.stringify({
      uri: artifactUri(digest),
      triggers: [{ subject }, ...(route === undefined ? [] : [{ http: { route } }])],
      bindings,
      environment,
      limits,
    }),
  };
}
