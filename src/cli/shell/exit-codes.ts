import type { ErrorCode } from '../../core/index.ts';

/** What the process ends with. docs/cli.md and docs/errors.md list the same numbers. */
export const EXIT = {
  ok: 0,
  /** The function or the command failed. */
  failed: 1,
  usage: 2,
  /** NATS cannot be reached, or no node answers. */
  unreachable: 3,
  /** The Nexfile, the source or the deployment was refused. */
  refused: 4,
  /** nats-server, port, data folder, runtime. */
  environment: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_BY_CODE: Readonly<Record<ErrorCode, ExitCode>> = {
  HS_FUNCTION_THREW: EXIT.failed,
  HS_FUNCTION_EXIT: EXIT.failed,
  HS_WASM_INVALID: EXIT.refused,
  HS_FUNCTION_TIMEOUT: EXIT.failed,
  HS_FUNCTION_CANCELLED: EXIT.failed,
  HS_FUNCTION_CPU: EXIT.failed,
  HS_FUNCTION_MEMORY: EXIT.failed,
  HS_FUNCTION_CRASHED: EXIT.failed,
  HS_GUEST_TAMPERED: EXIT.failed,
  HS_FUNCTION_OVERLOADED: EXIT.failed,
  HS_FUNCTION_LOAD: EXIT.refused,
  HS_FUNCTION_NO_REPLY: EXIT.failed,
  HS_FUNCTION_NOT_FOUND: EXIT.failed,
  HS_PAYLOAD_TOO_LARGE: EXIT.failed,
  HS_REPLY_TOO_LARGE: EXIT.failed,
  HS_CELL_LOST: EXIT.failed,
  HS_DRAINING: EXIT.failed,
  HS_INVOKE_SUBJECT: EXIT.failed,
  HS_BINDING_DENIED: EXIT.failed,
  HS_HOST_CALL_INVALID: EXIT.failed,
  HS_HOST_CALL_LIMIT: EXIT.failed,
  HS_HTTP_ADDRESS_DENIED: EXIT.failed,
  HS_HTTP_REDIRECT_DENIED: EXIT.failed,
  HS_HTTP_LIMIT: EXIT.failed,
  HS_HTTP_TOO_LARGE: EXIT.failed,
  HS_HTTP_TIMEOUT: EXIT.failed,
  HS_HTTP_CANCELLED: EXIT.failed,
  HS_HTTP_UNREACHABLE: EXIT.failed,
  HS_KV_KEY_INVALID: EXIT.failed,
  HS_KV_REVISION_CONFLICT: EXIT.failed,
  HS_KV_BUCKET_MISSING: EXIT.refused,
  HS_KV_VALUE_TOO_LARGE: EXIT.failed,
  HS_KV_UNAVAILABLE: EXIT.failed,
  HS_KV_BUCKET_FULL: EXIT.failed,
  HS_KV_BUCKET_DIFFERS: EXIT.refused,
  HS_KV_UNSUPPORTED: EXIT.refused,
  HS_KV_CONNECTION_LOST: EXIT.failed,
  HS_CRYPTO_LIMIT: EXIT.failed,
  HS_SUBJECT_INVALID: EXIT.failed,
  HS_HEADER_INVALID: EXIT.failed,
  HS_MESSAGE_TOO_LARGE: EXIT.failed,
  HS_REQUEST_NO_RESPONDERS: EXIT.failed,
  HS_REQUEST_TIMEOUT: EXIT.failed,
  HS_MESSAGING_OVERLOADED: EXIT.failed,
  HS_MESSAGING_UNAVAILABLE: EXIT.failed,
  HS_NEXFILE_MISSING: EXIT.refused,
  HS_NEXFILE_MALFORMED: EXIT.refused,
  HS_NEXFILE_INVALID: EXIT.refused,
  HS_TRIGGER_FORBIDDEN: EXIT.refused,
  HS_SOURCE_MISSING: EXIT.refused,
  HS_SOURCE_INVALID: EXIT.refused,
  HS_HANDLER_MISSING: EXIT.refused,
  HS_ARTIFACT_MISSING: EXIT.refused,
  HS_ARTIFACT_CORRUPT: EXIT.failed,
  HS_ARTIFACT_TOO_LARGE: EXIT.refused,
  HS_DEPLOY_CONFLICT: EXIT.refused,
  HS_NO_NODE: EXIT.unreachable,
  HS_REQUEST_INVALID: EXIT.failed,
  HS_NAMESPACE_MISMATCH: EXIT.failed,
  HS_WORKLOAD_TYPE: EXIT.refused,
  HS_USAGE: EXIT.usage,
  HS_CONTEXT_INVALID: EXIT.usage,
  HS_NATS_UNREACHABLE: EXIT.unreachable,
  HS_NATS_REFUSED: EXIT.unreachable,
  HS_NATS_VERSION: EXIT.environment,
  HS_NATS_JETSTREAM: EXIT.environment,
  HS_NATS_SERVER_MISSING: EXIT.environment,
  HS_NATS_SERVER_FAILED: EXIT.environment,
  HS_PORT_TAKEN: EXIT.environment,
  HS_DATA_DIR: EXIT.environment,
  HS_RUNTIME_MISSING: EXIT.environment,
  HS_INTERNAL: EXIT.failed,
};

/** The exit code that stands for an error. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_BY_CODE[code];
}
