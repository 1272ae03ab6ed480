import type { Plan } from '../plan.ts';
import { COLD_KINDS, type ColdKind, type ColdSite, LARGE, MODULE, USUAL } from './cold-kinds.ts';
import type { WakeTier } from './cold-pass.ts';

/** One host, some kinds of functions, all idle in the same way. */
export interface PassPlan {
  readonly tier: WakeTier;
  readonly site: ColdSite;
  readonly kinds: readonly ColdKind[];
}

/** Where the functions of a plan wait: of a quick one so few that all fit into one cell. */
export function sitesOf({ quick }: Plan): ReadonlyMap<ColdSite, readonly ColdKind[]> {
  return Map.groupBy(COLD_KINDS, ({ site }) => (quick ? 'small' : site));
}

/** Every kind by a pooled isolate; the other ways with the kinds that tell most, a quick plan with fewer of them. */
export function passesOf(plan: Plan): readonly PassPlan[] {
  const pooled = [...sitesOf(plan)].map(
    ([site, kinds]): PassPlan => ({ tier: 'pooled-isolate', site, kinds }),
  );
  const others: readonly PassPlan[] = [
    { tier: 'new-isolate', site: 'small', kinds: [USUAL] },
    { tier: 'evicted', site: 'small', kinds: [USUAL] },
  ];
  if (plan.quick) return [...pooled, ...others];
  return [
    ...pooled,
    ...others,
    { tier: 'evicted', site: 'large', kinds: [LARGE] },
    { tier: 'evicted', site: 'module', kinds: [MODULE] },
  ];
}
