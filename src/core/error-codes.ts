/**
 * Whose fault an error is. `caller`: the message or command was wrong. `function`: the deployed code
 * misbehaved. `deployer`: the Nexfile, source or artifact is wrong. `operator`: the environment needs
 * attention. `system`: Hairspring itself, or what it depends on, failed.
 */
export type ErrorFault = 'caller' | 'function' | 'deployer' | 'operator' | 'system';

export interface ErrorCodeInfo {
  /** HTTP-like status carried in `Nats-Service-Error-Code`. */
  readonly status: number;
  readonly fault: ErrorFault;
  /** Whether sending the very same request again can succeed. */
  readonly retryable: boolean;
  /** What happened, in one sentence without a full stop. */
  readonly summary: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Every error code of the product, in one place; `docs/errors.md` lists the same set and a test compares them. */
export const ERROR_CODES = {
  // An invocation
  HS_FUNCTION_EXIT: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'A WebAssembly function ended with another code than 0',
    remedy: 'Read what it wrote to standard error with `hairspring logs NAME`',
  },
  HS_WASM_INVALID: {
    status: 422,
    fault: 'deployer',
    retryable: false,
    summary: 'The WebAssembly module cannot be run as a function',
    remedy: 'The message says what is wrong; docs/wasm.md tells how to build one',
  },
  HS_FUNCTION_THREW: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The handler threw or rejected',
    remedy: 'Read the function log (`hairspring logs NAME`) and mend the handler',
  },
  HS_FUNCTION_TIMEOUT: {
    status: 504,
    fault: 'function',
    retryable: true,
    summary: 'The invocation passed its wall-clock limit',
    remedy: 'Answer sooner, raise limits.timeout in the Nexfile, or have the caller wait longer',
  },
  HS_FUNCTION_CANCELLED: {
    status: 499,
    fault: 'caller',
    retryable: false,
    summary: 'The invocation was cancelled',
    remedy: 'Nothing is wrong with the function: an operator ended the call with `hairspring cancel`',
  },
  HS_FUNCTION_CPU: {
    status: 504,
    fault: 'function',
    retryable: false,
    summary: 'The handler held the thread longer than its CPU limit',
    remedy: 'Do less work between awaits, or raise limits.cpu in the Nexfile',
  },
  HS_FUNCTION_MEMORY: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The function passed its memory limit and its instance was disposed',
    remedy: 'Hold less in memory, or raise limits.memory in the Nexfile',
  },
  HS_FUNCTION_CRASHED: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The function brought its cell down',
    remedy: 'Look for huge strings, arrays or native operations in the handler; the log names the signal',
  },
  HS_GUEST_TAMPERED: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The function broke the runtime inside its own isolate',
    remedy: 'Do not patch built-ins such as Array, Map or Promise in ways that change what they do',
  },
  HS_FUNCTION_OVERLOADED: {
    status: 429,
    fault: 'caller',
    retryable: true,
    summary: 'The queue of the function is full',
    remedy: 'Retry with back-off; if the message names a limit of the function, raise it in the Nexfile',
  },
  HS_FUNCTION_LOAD: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The function could not be loaded',
    remedy: 'Read the function log; the code at the top level of the module threw or ran too long',
  },
  HS_FUNCTION_NO_REPLY: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The handler returned something that cannot be sent',
    remedy: 'Return undefined, a string, bytes, a JSON value or a Reply',
  },
  HS_FUNCTION_NOT_FOUND: {
    status: 404,
    fault: 'caller',
    retryable: false,
    summary: 'No such function in this namespace',
    remedy: 'See `hairspring list`, and check --namespace',
  },
  HS_PAYLOAD_TOO_LARGE: {
    status: 413,
    fault: 'caller',
    retryable: false,
    summary: 'The message is larger than the function accepts',
    remedy: 'Send less, or raise limits.payload in the Nexfile',
  },
  HS_REPLY_TOO_LARGE: {
    status: 500,
    fault: 'function',
    retryable: false,
    summary: 'The reply is larger than the NATS server lets through',
    remedy: 'Reply with less, or put the result into a bucket and reply with its key',
  },
  HS_CELL_LOST: {
    status: 503,
    fault: 'system',
    retryable: true,
    summary: 'The cell that held this invocation died',
    remedy: 'Retry if the call may run twice; the function itself was not at fault',
  },
  HS_DRAINING: {
    status: 503,
    fault: 'system',
    retryable: true,
    summary: 'The node is in lame duck mode and takes no new work',
    remedy: 'Retry; another node, or this one after its restart, answers',
  },
  HS_INVOKE_SUBJECT: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'The subject to invoke with does not match a trigger of the function',
    remedy: 'Name one with --subject; `hairspring info NAME` lists the triggers',
  },
  // Host services
  HS_BINDING_DENIED: {
    status: 403,
    fault: 'function',
    retryable: false,
    summary: 'The function used a host service beyond its grant',
    remedy: 'Widen the binding in the Nexfile (bucket, access or keys) and deploy again',
  },
  HS_HOST_CALL_INVALID: {
    status: 400,
    fault: 'function',
    retryable: false,
    summary: 'A host service was called with arguments it does not take',
    remedy: 'Check the call against the guest types (`hairspring/guest`)',
  },
  HS_HOST_CALL_LIMIT: {
    status: 429,
    fault: 'function',
    retryable: true,
    summary: 'Too many host calls are pending in one invocation',
    remedy: 'Await calls in smaller groups',
  },
  HS_KV_KEY_INVALID: {
    status: 400,
    fault: 'function',
    retryable: false,
    summary: 'The key is not a valid KV key',
    remedy: 'Use letters, digits and -/_=. , not starting or ending with a dot, at most 512 bytes',
  },
  HS_KV_REVISION_CONFLICT: {
    status: 409,
    fault: 'function',
    retryable: true,
    summary: 'The key is not at the expected revision',
    remedy: 'Get the key again and retry with its revision',
  },
  HS_KV_BUCKET_MISSING: {
    status: 404,
    fault: 'deployer',
    retryable: false,
    summary: 'The bucket of the binding does not exist',
    remedy: 'Create it (`nats kv add BUCKET`) or deploy the function again',
  },
  HS_KV_VALUE_TOO_LARGE: {
    status: 413,
    fault: 'function',
    retryable: false,
    summary: 'The value is larger than the bucket or the server accepts',
    remedy: 'Store less under one key, or use an object store',
  },
  HS_KV_UNAVAILABLE: {
    status: 503,
    fault: 'system',
    retryable: true,
    summary: 'The KV operation got no answer from JetStream',
    remedy: 'Retry; `hairspring doctor` checks JetStream',
  },
  HS_HTTP_ADDRESS_DENIED: {
    status: 403,
    fault: 'function',
    retryable: false,
    summary: 'The host of a URL is at an address that is not public',
    remedy: 'If it is meant to be, name the host in an http binding of its own with private: true',
  },
  HS_HTTP_REDIRECT_DENIED: {
    status: 403,
    fault: 'function',
    retryable: false,
    summary: 'A redirect leads where the http binding does not reach, or too far',
    remedy: 'Add the target to the binding, or fetch with redirect: "manual"',
  },
  HS_HTTP_LIMIT: {
    status: 429,
    fault: 'function',
    retryable: true,
    summary: 'Too many HTTP requests are under way',
    remedy: 'Await requests in smaller groups, or retry with back-off',
  },
  HS_HTTP_TOO_LARGE: {
    status: 413,
    fault: 'function',
    retryable: false,
    summary: 'A body or the headers of an HTTP request or its answer are over the limit',
    remedy: 'Ask for less at a time, such as a page or a range',
  },
  HS_HTTP_TIMEOUT: {
    status: 504,
    fault: 'function',
    retryable: true,
    summary: 'The HTTP request had no complete answer in time',
    remedy: 'Retry, raise limits.timeout in the Nexfile, or ask for less',
  },
  HS_HTTP_CANCELLED: {
    status: 499,
    fault: 'function',
    retryable: false,
    summary: 'The function gave the HTTP request up',
    remedy: 'Nothing is wrong; its own signal aborted it',
  },
  HS_HTTP_UNREACHABLE: {
    status: 502,
    fault: 'function',
    retryable: true,
    summary: 'The HTTP server could not be reached or did not keep to the protocol',
    remedy: 'Check the URL; the message says what went wrong',
  },
  HS_CRYPTO_LIMIT: {
    status: 429,
    fault: 'function',
    retryable: false,
    summary: 'A crypto operation asks for more than one function may',
    remedy: 'The message names the limit; ask for less, or await operations in smaller groups',
  },
  // Deploying
  HS_NEXFILE_MISSING: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'There is no Nexfile to read',
    remedy: 'Name the folder or the file, or make one with `hairspring init NAME`',
  },
  HS_NEXFILE_MALFORMED: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'The Nexfile is not valid YAML or JSON',
    remedy: 'Mend the syntax at the line shown',
  },
  HS_NEXFILE_INVALID: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'The Nexfile has an unknown key or a value out of range',
    remedy: 'Change what the message names; docs/nexfile.md lists every key',
  },
  HS_TRIGGER_FORBIDDEN: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'A trigger listens where functions may not listen',
    remedy: 'Choose a subject of your own, outside $…, _INBOX and the control plane',
  },
  HS_SOURCE_MISSING: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'A source file of the function does not exist',
    remedy: 'Check start_request.main and the imports against the folder',
  },
  HS_SOURCE_INVALID: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'The source of the function does not build',
    remedy: 'Mend the source at the position shown',
  },
  HS_HANDLER_MISSING: {
    status: 400,
    fault: 'deployer',
    retryable: false,
    summary: 'The module does not export the handler that its triggers need',
    remedy: 'Export default an object with a `message` method',
  },
  HS_ARTIFACT_MISSING: {
    status: 404,
    fault: 'deployer',
    retryable: false,
    summary: 'The artifact is not in the object store',
    remedy: 'Deploy from source again, or check the uri',
  },
  HS_ARTIFACT_CORRUPT: {
    status: 500,
    fault: 'system',
    retryable: false,
    summary: 'The stored artifact does not have the hash it was deployed with',
    remedy: 'Deploy the function again',
  },
  HS_ARTIFACT_TOO_LARGE: {
    status: 413,
    fault: 'deployer',
    retryable: false,
    summary: 'The bundle is larger than the artifact limit',
    remedy: 'Import less; `hairspring deploy --analyze` shows what is in the bundle',
  },
  HS_DEPLOY_CONFLICT: {
    status: 409,
    fault: 'deployer',
    retryable: true,
    summary: 'Somebody else changed the function at the same time',
    remedy: 'Look at `hairspring info NAME` and deploy again',
  },
  HS_NO_NODE: {
    status: 503,
    fault: 'operator',
    retryable: true,
    summary: 'No Hairspring node answers',
    remedy: 'Start one with `hairspring up`, or check --server and --namespace',
  },
  HS_REQUEST_INVALID: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'A control request is not of the documented form',
    remedy: 'Use a client of the same version, or see docs/control-plane.md',
  },
  HS_NAMESPACE_MISMATCH: {
    status: 403,
    fault: 'caller',
    retryable: false,
    summary: 'The namespace in the subject is not the one in the body',
    remedy: 'Send the request under the subject of its own namespace',
  },
  HS_WORKLOAD_TYPE: {
    status: 404,
    fault: 'deployer',
    retryable: false,
    summary: 'The node does not run workloads of this type',
    remedy: 'Set type: javascript and lifecycle: function in the Nexfile',
  },
  // The environment
  HS_USAGE: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'The command line is not understood',
    remedy: 'See `hairspring --help`',
  },
  HS_CONTEXT_INVALID: {
    status: 400,
    fault: 'operator',
    retryable: false,
    summary: 'The NATS context or credentials file cannot be used',
    remedy: 'Check `nats context ls`, --context and --creds',
  },
  HS_NATS_UNREACHABLE: {
    status: 503,
    fault: 'operator',
    retryable: true,
    summary: 'The NATS server cannot be reached',
    remedy: 'Check --server; `hairspring up` without it starts a server of its own',
  },
  HS_NATS_REFUSED: {
    status: 401,
    fault: 'operator',
    retryable: false,
    summary: 'The NATS server refused the credentials',
    remedy: 'Check --creds or the context',
  },
  HS_NATS_VERSION: {
    status: 500,
    fault: 'operator',
    retryable: false,
    summary: 'The NATS server is older than Hairspring supports',
    remedy: 'Use nats-server 2.10 or newer',
  },
  HS_NATS_JETSTREAM: {
    status: 500,
    fault: 'operator',
    retryable: false,
    summary: 'JetStream is not enabled for this account',
    remedy: 'Start nats-server with -js, or enable JetStream for the account',
  },
  HS_NATS_SERVER_MISSING: {
    status: 500,
    fault: 'operator',
    retryable: true,
    summary: 'No nats-server could be found or fetched',
    remedy: 'Install nats-server 2.10 or newer, or name one with --nats-server PATH',
  },
  HS_NATS_SERVER_FAILED: {
    status: 500,
    fault: 'operator',
    retryable: true,
    summary: 'The nats-server that Hairspring starts gave up before it accepted clients',
    remedy: 'Read what it said in the message; `hairspring doctor` checks the machine',
  },
  HS_PORT_TAKEN: {
    status: 500,
    fault: 'operator',
    retryable: false,
    summary: 'The port is in use by another program',
    remedy: 'Choose another with --port, or stop the other program',
  },
  HS_DATA_DIR: {
    status: 500,
    fault: 'operator',
    retryable: false,
    summary: 'The data folder cannot be written',
    remedy: 'Choose another with --data, or mend its permissions',
  },
  HS_RUNTIME_MISSING: {
    status: 500,
    fault: 'operator',
    retryable: false,
    summary: 'Node 26 with isolated-vm is not available here',
    remedy: 'Run `npm ci` without --omit=optional on a supported platform',
  },
  HS_INTERNAL: {
    status: 500,
    fault: 'system',
    retryable: true,
    summary: 'Hairspring failed in a way it does not know',
    remedy: 'Retry, and report it with the node log',
  },
} as const satisfies Record<string, ErrorCodeInfo>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}
