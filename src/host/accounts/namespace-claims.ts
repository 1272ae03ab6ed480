import { feedSubjects, nodeSubjects } from '../../core/index.ts';
import type { AccountClaims, Import } from './claims.ts';
import { controlSubjects } from './control-subjects.ts';
import type { Operator } from './operator.ts';

/** What the nodes' account lets others ask and hear; each namespace imports its own part of it. */
export const NODE_EXPORTS: NonNullable<AccountClaims['exports']> = [
  { kind: 'service', subject: '$NEX.SVC.*.control.>' },
  { kind: 'stream', subject: feedSubjects.events('*', '*') },
];

/** The account of a namespace: JetStream of its own, and of the nodes what concerns it. */
export function namespaceClaims(operator: Operator, namespace: string): AccountClaims {
  const from = operator.node.publicKey;
  const ask = (subject: string): Import => ({ kind: 'service', subject, from });
  return {
    name: namespace,
    publicKey: operator.namespace(namespace).publicKey,
    jetStream: true,
    imports: [
      ...[
        ...controlSubjects(namespace),
        nodeSubjects.ping(),
        nodeSubjects.pingNode('*'),
        nodeSubjects.tags(),
        nodeSubjects.info('*'),
      ].map(ask),
      { kind: 'stream', subject: feedSubjects.events(namespace, '*'), from },
    ],
  };
}
