/** Secrets of a namespace: they come sealed, and no answer holds one. */
import { HairspringError, hairspringSubjects, isToken, SYSTEM_NAMESPACE } from '../core/index.ts';
import type { EndpointContext } from './endpoint-context.ts';
import { json, type MicroEndpoint } from './micro-endpoint.ts';
import { sealedSecret } from './sealed-secret-schema.ts';
import { checkNamespace, parseBody, subjectNamespace, subjectToken } from './wire.ts';

/** Place of the name in `$NEX.SVC.<ns>.control.HS.SECRET.DELETE.<name>`. */
const NAME_TOKEN = 7;

export function secretVerbs({ backend }: EndpointContext): readonly MicroEndpoint[] {
  const { secrets } = backend;
  return [
    {
      name: 'GetSecretKey',
      subject: hairspringSubjects.secretKey('*'),
      handle: async (msg) => json(secrets.key(ownNamespace(msg.subject))),
    },
    {
      name: 'SetSecret',
      subject: hairspringSubjects.secretSet('*', backend.nodeId),
      async handle(msg) {
        const namespace = ownNamespace(msg.subject);
        return json(await secrets.set(namespace, parseBody(sealedSecret, msg, 'sealed secret')));
      },
    },
    {
      name: 'ListSecrets',
      subject: hairspringSubjects.secretList('*'),
      handle: async (msg) => json(await secrets.list(ownNamespace(msg.subject))),
    },
    {
      name: 'DeleteSecret',
      subject: hairspringSubjects.secretDelete('*', '*'),
      async handle(msg) {
        const namespace = ownNamespace(msg.subject);
        const name = subjectToken(msg.subject, NAME_TOKEN);
        if (isToken(name)) return json(await secrets.delete(namespace, name));
        throw new HairspringError('HS_SECRET_INVALID', `Cannot use "${name}" as the name of a secret`);
      },
    },
  ];
}

/** @throws HS_REQUEST_INVALID when it can have no secrets */
function ownNamespace(subject: string): string {
  const namespace = subjectNamespace(subject);
  checkNamespace(subject, namespace);
  if (namespace !== SYSTEM_NAMESPACE) return namespace;
  throw new HairspringError('HS_REQUEST_INVALID', 'The namespace "system" has no functions, nor secrets', {
    hint: 'Name another with --namespace',
  });
}
