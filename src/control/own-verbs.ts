/** What Hairspring has and Nex has not. HS.INVOKE is served by cells. */
import { HairspringError, hairspringSubjects } from '../core/index.ts';
import type { EndpointContext } from './endpoint-context.ts';
import { json, type MicroEndpoint } from './micro-endpoint.ts';
import { checkNamespace, parseBody, subjectNamespace, subjectToken, tapRequest } from './wire.ts';

/** Place of the name or id in `$NEX.SVC.<ns>.control.HS.INFO.<name or id>`. */
const NAME_TOKEN = 6;

export function ownVerbs({ backend, clock }: EndpointContext): readonly MicroEndpoint[] {
  return [
    {
      name: 'GetFunctionInfo',
      subject: hairspringSubjects.info('*', '*'),
      async handle(msg) {
        const namespace = subjectNamespace(msg.subject);
        checkNamespace(msg.subject, namespace);
        const nameOrId = subjectToken(msg.subject, NAME_TOKEN);
        const info = await backend.info(namespace, nameOrId);
        if (info !== undefined) return json(info);
        throw new HairspringError(
          'HS_FUNCTION_NOT_FOUND',
          `No function "${nameOrId}" in namespace "${namespace}"`,
        );
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
  ];
}
