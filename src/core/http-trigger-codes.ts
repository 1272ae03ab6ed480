import type { ErrorCodeInfo } from './error-code-info.ts';

/** The error codes of HTTP triggers; a part of `ERROR_CODES`. */
export const HTTP_TRIGGER_CODES = {
  HS_ROUTE_TAKEN: {
    status: 409,
    fault: 'deployer',
    retryable: false,
    summary: 'Another function of the namespace has a route that takes the same requests',
    remedy: 'Change the path or the methods of one of the two, or undeploy the other function',
  },
  HS_FUNCTION_SUSPENDED: {
    status: 503,
    fault: 'function',
    retryable: false,
    summary: 'The function is deployed and not served',
    remedy: 'Read why with `hairspring info NAME`',
  },
  HS_FUNCTION_WAITING: {
    status: 503,
    fault: 'system',
    retryable: true,
    summary: 'The function is deployed, and the node cannot serve it yet',
    remedy: 'Retry after a while; `hairspring info NAME` says what it waits for',
  },
  HS_GATEWAY_REQUEST_INVALID: {
    status: 400,
    fault: 'caller',
    retryable: false,
    summary: 'The HTTP request is not one that the gateway passes on',
    remedy: 'The message says what is wrong with it',
  },
  HS_GATEWAY_NO_ROUTE: {
    status: 404,
    fault: 'caller',
    retryable: false,
    summary: 'No function has a route for the path',
    remedy: 'See the routes with `hairspring list`, and give a function an http trigger for the path',
  },
  HS_GATEWAY_METHOD: {
    status: 405,
    fault: 'caller',
    retryable: false,
    summary: 'No function that has a route for the path answers the method',
    remedy: 'Use one of the methods in the Allow header, or add the method to the trigger',
  },
  HS_GATEWAY_TIMEOUT: {
    status: 408,
    fault: 'caller',
    retryable: true,
    summary: 'The HTTP request did not arrive in time',
    remedy: 'Send the headers within 10 s and the whole request within 30 s',
  },
  HS_GATEWAY_HOST_UNKNOWN: {
    status: 421,
    fault: 'caller',
    retryable: false,
    summary: 'No namespace is served under the host name of the HTTP request',
    remedy:
      'Name the host and its namespace when the node starts: `hairspring up --http-host NAME=NAMESPACE`',
  },
  HS_GATEWAY_HEADERS: {
    status: 431,
    fault: 'caller',
    retryable: false,
    summary: 'The headers of the HTTP request are too many or too large',
    remedy: 'Send at most 100 headers and 16 KiB of them, the request line included',
  },
  HS_GATEWAY_BUSY: {
    status: 503,
    fault: 'system',
    retryable: true,
    summary: 'The gateway has as many HTTP requests in hand as it takes',
    remedy: 'Retry after the time in the Retry-After header, or spread the requests over more nodes',
  },
  HS_GATEWAY_RESPONSE_LOST: {
    status: 500,
    fault: 'system',
    retryable: false,
    summary: 'The function has answered, and the gateway has no room for its response',
    remedy: 'Send the request again only if the function may do its work twice',
  },
} as const satisfies Record<string, ErrorCodeInfo>;
