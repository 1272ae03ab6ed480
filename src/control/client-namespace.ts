import { hairspringSubjects } from '../core/index.ts';
import { ask, assertToken, type ClientContext } from './client-request.ts';
import { namespaceResponse, parseReply } from './replies.ts';

/** @returns the text of a `.creds` file; null where namespaces have no accounts */
export async function openNamespace(context: ClientContext, namespace: string): Promise<string | null> {
  assertToken(namespace, 'namespace');
  const action = `Cannot open namespace "${namespace}"`;
  const answer = await ask(context, hairspringSubjects.namespace(namespace), {}, { action });
  return parseReply(namespaceResponse, answer, 'namespace reply').creds;
}
