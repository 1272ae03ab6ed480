import type { ErrorCodeInfo } from './error-code-info.ts';

/** The error codes of secrets; a part of `HOST_SERVICE_CODES`. */
export const SECRET_CODES = {
  HS_SECRET_MISSING: {
    status: 404,
    fault: 'deployer',
    retryable: false,
    summary: 'A secret is not set on the node',
    remedy: 'Set it with `hairspring secret set NAME`, and deploy again',
  },
  HS_SECRET_INVALID: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'The name, the value or the form of a secret is not one that is taken',
    remedy: 'Use a name of 1 to 64 letters, digits, - and _, and a text of 1 byte to 64 KiB',
  },
  HS_SECRET_DAMAGED: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'A sealed secret is cut off, or is none',
    remedy: 'Set it again with `hairspring secret set NAME`',
  },
  HS_SECRET_RECIPIENT: {
    status: 409,
    fault: 'caller',
    retryable: false,
    summary: 'A secret is sealed to the key of another node or namespace',
    remedy: 'Set it again with `hairspring secret set NAME`: a node whose data folder was lost has new keys',
  },
  HS_SECRET_TAMPERED: {
    status: 403,
    fault: 'caller',
    retryable: false,
    summary: 'A sealed secret was altered after it was sealed, or comes from another sender than it says',
    remedy: 'Find out who wrote it, and set it again with `hairspring secret set NAME`',
  },
  HS_SECRET_MISMATCH: {
    status: 403,
    fault: 'caller',
    retryable: false,
    summary: 'A sealed secret is presented as another one than it was sealed as',
    remedy: 'Set the secret under its own name and namespace with `hairspring secret set NAME`',
  },
  HS_SECRET_EXPIRED: {
    status: 410,
    fault: 'operator',
    retryable: false,
    summary: 'A secret is past the time until which it was to be used',
    remedy: 'Set a new value with `hairspring secret set NAME`',
  },
  HS_SECRET_IN_USE: {
    status: 409,
    fault: 'caller',
    retryable: false,
    summary: 'A secret is bound by functions that are deployed',
    remedy: 'Take it out of their Nexfiles or undeploy them first; to replace a value set it again',
  },
  HS_SECRET_KEY_UNTRUSTED: {
    status: 502,
    fault: 'operator',
    retryable: false,
    summary: 'A key for secrets is not signed by the node that is said to have it',
    remedy: 'Find out who answers on the control subjects; nothing was sealed to that key',
  },
} as const satisfies Record<string, ErrorCodeInfo>;
