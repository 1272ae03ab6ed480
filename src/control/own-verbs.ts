/** What Hairspring has and Nex has not. HS.INVOKE is served by cells. */
import { HairspringError, hairspringSubjects } from '../core/index.ts';
import type { EndpointContext } from './endpoint-context.ts';
import { json, type MicroEndpoint } from './micro-endpoint.ts';
import {
  cancelRequest,
  checkNamespace,
  parseBody,
  subjectNamespace,
  subjectToken,
  tapRequest,
} from './wire.ts';

/** Place of the name or id in `$NEX.SVC.<ns>.control.HS.<VERB>.<name or id>`. */
const NAME_TOKEN = 6;

export function ownVerbs({ backend, clock }: EndpointContext): readonly MicroEndpoint[] {
  return [
    {
      name: 'GetFunctionInfo',
      subject: hairspringSubjects.info('*', '*'),
      async handle(msg) {
        const { namespace, nameOrId } = functionIn(msg.subject);
        const info = await backend.info(namespace, nameOrId);
        if (info !== undefined) return json(info);
        throw notFound(namespace, nameOrId);
      },
    },
    {
      name: 'GetLiveFunction',
      subject: hairspringSubjects.live('*', '*'),
      async handle(msg) {
        const { namespace, nameOrId } = functionIn(msg.subject);
        const live = await backend.live(namespace, nameOrId);
        if (live !== undefined) return json(live);
        throw notFound(namespace, nameOrId);
      },
    },
    {
      name: 'CancelInvocations',
      subject: hairspringSubjects.cancel('*', '*'),
      async handle(msg) {
        const { namespace, nameOrId } = functionIn(msg.subject);
        const { invocation_id } = parseBody(cancelRequest, msg, 'cancel request');
        const done = await backend.cancel(namespace, nameOrId, invocation_id);
        if (done !== undefined) return json(done);
        throw notFound(namespace, nameOrId);
      },
    },
    {
      name: 'TapInvocations',
      subject: hairspringSubjects.tap('*'),
      async handle(msg) {
        const namespace = subjectNamespace(msg.subject);
        checkNamespace(msg.subject, namespace);
        const { lease_ms } = parseBody(tapRequest, msg, 'tap request');
        await backend.tap(namespace, clock.now() + lease_ms);
        return json({ node_id: backend.nodeId, lease_ms });
      },
    },
    {
      name: 'OpenNamespace',
      subject: hairspringSubjects.namespace('*'),
      async handle(msg) {
        const namespace = subjectToken(msg.subject, NAME_TOKEN);
        const creds = await backend.openNamespace(namespace);
        return json({ node_id: backend.nodeId, namespace, creds });
      },
    },
  ];
}

/** The function that a subject names. @throws HS_REQUEST_INVALID when its namespace is none */
function functionIn(subject: string): { readonly namespace: string; readonly nameOrId: string } {
  const namespace = subjectNamespace(subject);
  checkNamespace(subject, namespace);
  return { namespace, nameOrId: subjectToken(subject, NAME_TOKEN) };
}

function notFound(namespace: string, nameOrId: string): HairspringError {
  return new HairspringError(
    'HS_FUNCTION_NOT_FOUND',
    `No function "${nameOrId}" in namespace "${namespace}"`,
  );
}
