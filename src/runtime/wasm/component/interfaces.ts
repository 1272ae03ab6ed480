import { type Binding, HairspringError, type ServiceBinding } from '../../../core/index.ts';

/** What a component may import: guest/wasm/components/host has the functions themselves. */
interface KnownInterface {
  /** Names of its functions; undefined: all, and none of them can be reached. */
  readonly functions: readonly string[] | undefined;
  /** The service of which the function needs a binding. */
  readonly service?: ServiceBinding['service'];
}

const known = (functions: string, service?: ServiceBinding['service']): KnownInterface => ({
  functions: functions.split(/\s+/),
  ...(service === undefined ? {} : { service }),
});

const method = (resource: string, names: string): string =>
  names
    .split(' ')
    .map((name) => `[method]${resource}.${name}`)
    .join(' ');

const READ = method('input-stream', 'read blocking-read skip blocking-skip subscribe');
const WRITE = method(
  'output-stream',
  'check-write write blocking-write-and-flush flush blocking-flush subscribe write-zeroes blocking-write-zeroes-and-flush splice blocking-splice',
);

const CONTAINER = method(
  'container',
  'name info get-data write-data list-objects delete-object delete-objects has-object object-info clear',
);
const OBJECT_NAMES = method('stream-object-names', 'read-stream-object-names skip-stream-object-names');
const INCOMING =
  '[static]incoming-value.incoming-value-consume-sync [static]incoming-value.incoming-value-consume-async';
const OUTGOING = '[static]outgoing-value.new-outgoing-value [static]outgoing-value.finish';

const FIELDS = `[constructor]fields [static]fields.from-list ${method('fields', 'get has set delete append entries clone')}`;
const INCOMING_HTTP = `${method('incoming-request', 'method path-with-query scheme authority headers consume')} ${method('incoming-body', 'stream')} [static]incoming-body.finish ${method('future-trailers', 'subscribe get')}`;
const OUTGOING_HTTP = `[static]response-outparam.set [constructor]outgoing-response ${method('outgoing-response', 'status-code set-status-code headers body')} ${method('outgoing-body', 'write')} [static]outgoing-body.finish`;

const SENT_HTTP = `[constructor]outgoing-request ${method('outgoing-request', 'body method set-method path-with-query set-path-with-query scheme set-scheme authority set-authority headers')} [constructor]request-options ${method('request-options', 'connect-timeout set-connect-timeout first-byte-timeout set-first-byte-timeout between-bytes-timeout set-between-bytes-timeout')} ${method('future-incoming-response', 'subscribe get')} ${method('incoming-response', 'status headers consume')}`;

const INTERFACES: Readonly<Record<string, KnownInterface>> = {
  'hairspring:function/messaging': known('publish publish-acked request call', 'messaging'),
  'wasi:blobstore/blobstore': known(
    'create-container get-container delete-container container-exists copy-object move-object',
    'objectstore',
  ),
  'wasi:blobstore/container': known(`${CONTAINER} ${OBJECT_NAMES}`, 'objectstore'),
  'wasi:blobstore/types': known(
    `${INCOMING} ${method('incoming-value', 'size')} ${OUTGOING} ${method('outgoing-value', 'outgoing-value-write-body')}`,
    'objectstore',
  ),
  'wasi:cli/environment': known('get-environment get-arguments initial-cwd'),
  'wasi:cli/exit': known('exit exit-with-code'),
  'wasi:cli/stderr': known('get-stderr'),
  'wasi:cli/stdin': known('get-stdin'),
  'wasi:cli/stdout': known('get-stdout'),
  'wasi:cli/terminal-stderr': known('get-terminal-stderr'),
  'wasi:cli/terminal-stdin': known('get-terminal-stdin'),
  'wasi:cli/terminal-stdout': known('get-terminal-stdout'),
  'wasi:clocks/monotonic-clock': known('now resolution subscribe-instant subscribe-duration'),
  'wasi:clocks/wall-clock': known('now resolution'),
  'wasi:config/runtime': known('get get-all'),
  'wasi:config/store': known('get get-all'),
  'wasi:filesystem/preopens': known('get-directories'),
  // There is no directory, hence no descriptor to call anything of.
  'wasi:filesystem/types': { functions: undefined },
  'wasi:http/outgoing-handler': known('handle', 'http'),
  'wasi:http/types': known(`${FIELDS} ${INCOMING_HTTP} ${OUTGOING_HTTP} ${SENT_HTTP} http-error-code`),
  'wasi:io/error': known('[method]error.to-debug-string'),
  'wasi:io/poll': known('poll [method]pollable.ready [method]pollable.block'),
  'wasi:io/streams': known(`${READ} ${WRITE}`),
  'wasi:keyvalue/atomics': known('increment', 'kv'),
  'wasi:keyvalue/store': known(`open ${method('bucket', 'get set delete exists list-keys')}`, 'kv'),
  'wasi:logging/logging': known('log'),
  'wasi:random/insecure': known('get-insecure-random-bytes get-insecure-random-u64'),
  'wasi:random/insecure-seed': known('insecure-seed'),
  'wasi:random/random': known('get-random-bytes get-random-u64'),
};

/** What a Nexfile says for a binding of a service. */
const BINDING_EXAMPLES: Readonly<Record<ServiceBinding['service'], string>> = {
  kv: 'CACHE: { kv: cache }',
  objectstore: 'PHOTOS: { objectstore: photos }',
  messaging: 'BUS: { publish: [orders.*], request: [ocr.>] }',
  http: 'WEB: { http: ["https://api.example.com/*"] }',
};

/** Interfaces whose functions wait for the host. */
const WAITING: ReadonlySet<string> = new Set([
  'hairspring:function/messaging',
  'wasi:blobstore/blobstore',
  'wasi:blobstore/container',
  'wasi:blobstore/types',
  'wasi:keyvalue/store',
  'wasi:keyvalue/atomics',
]);
/** Functions that wait where there is a clock, or an answer to a request, to wait for. */
const WAITING_FOR_ALARM: ReadonlySet<string> = new Set([
  'wasi:io/poll#poll',
  'wasi:io/poll#[method]pollable.block',
]);

export interface ImportedFunction {
  readonly from: string;
  readonly name: string;
}

/** The name of an interface without its version. */
export function unversioned(from: string): string {
  return from.split('@')[0] ?? from;
}

/**
 * Refuses what nobody provides, and what no binding grants.
 * @throws HS_WASM_INVALID
 */
export function checkImport(
  name: string,
  imported: ImportedFunction,
  services: ReadonlySet<Binding['service']>,
): void {
  const [base = '', version] = imported.from.split('@');
  const shown = `${JSON.stringify(imported.from.slice(0, 80))}.${JSON.stringify(imported.name.slice(0, 80))}`;
  const found = Object.hasOwn(INTERFACES, base) ? INTERFACES[base] : undefined;
  const refused = (detail: string, hint: string): HairspringError =>
    new HairspringError('HS_WASM_INVALID', `Cannot load ${name}: it imports ${shown}, ${detail}`, { hint });
  if (version?.startsWith(base.startsWith('wasi:') ? '0.3.' : '0.') === true)
    throw refused('of a version that this one does not know', 'Build it for WASI 0.2');
  if (found === undefined || found.functions?.includes(imported.name) === false)
    throw refused('which nobody provides', 'docs/wasm.md lists what a component may import');
  const { service } = found;
  if (service === undefined || services.has(service)) return;
  throw new HairspringError(
    'HS_WASM_INVALID',
    `Cannot load ${name}: it imports ${JSON.stringify(imported.from)}, and no binding of the function grants it`,
    { hint: `Add one to start_request.bindings in the Nexfile, such as ${BINDING_EXAMPLES[service]}` },
  );
}

/** Whether a component that imports these may have to wait for the host. */
export function mayWait(imports: readonly ImportedFunction[]): boolean {
  const hasAlarm = imports.some(
    ({ from, name }) => name.startsWith('subscribe-') || unversioned(from) === 'wasi:http/outgoing-handler',
  );
  return imports.some(
    ({ from, name }) =>
      WAITING.has(unversioned(from)) || (hasAlarm && WAITING_FOR_ALARM.has(`${unversioned(from)}#${name}`)),
  );
}
