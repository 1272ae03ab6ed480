import { hairspringSubjects, workloadSubjects } from '../../core/index.ts';

/**
 * What the nodes answer to those who own a namespace, on subjects that name it. Not `HS.INVOKE`, which the cells of
 * the namespace answer themselves.
 */
export function controlSubjects(namespace: string): readonly string[] {
  return [
    workloadSubjects.auction(namespace),
    workloadSubjects.deploy(namespace, '*'),
    workloadSubjects.undeploy(namespace, '*'),
    workloadSubjects.clone(namespace, '*'),
    workloadSubjects.list(namespace),
    hairspringSubjects.info(namespace, '*'),
    hairspringSubjects.live(namespace, '*'),
    hairspringSubjects.cancel(namespace, '*'),
    hairspringSubjects.tap(namespace),
    hairspringSubjects.secretKey(namespace),
    hairspringSubjects.secretSet(namespace, '*'),
    hairspringSubjects.secretList(namespace),
    hairspringSubjects.secretDelete(namespace, '*'),
  ];
}
