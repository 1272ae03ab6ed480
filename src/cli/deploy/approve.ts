import { HairspringError } from '../../core/index.ts';
import type { Output } from '../shell/output.ts';
import { askYes } from './ask-yes.ts';
import { type GrantDifference, type GrantLine, renderGrants } from './grants.ts';
import type { PreparedFunction } from './prepare.ts';

/** A function to deploy, and what that changes in what it may reach. */
export interface DeployPlan {
  readonly prepared: PreparedFunction;
  readonly difference: GrantDifference;
}

/** A plan that widens what its function may reach, without anybody's approval. */
export interface RefusedPlan {
  readonly file: string;
  readonly error: HairspringError;
}

/** Asks for approval of what widens where a person can be asked. @returns the plans that are not approved */
export async function refuseWidening(
  output: Output,
  plans: readonly DeployPlan[],
): Promise<readonly RefusedPlan[]> {
  const widening = plans.filter(({ difference }) => difference.widening.length > 0);
  if (widening.length === 0) return [];
  const { stdin, stderr } = process;
  if (!output.json && stdin.isTTY && stderr.isTTY) {
    for (const { prepared, difference } of widening) {
      output.note(
        `${prepared.manifest.name} may reach more than its live version ${difference.liveVersion}:`,
      );
      stderr.write(`${renderGrants(difference.changes, output.errorPaint, '  ')}\n`);
    }
    if (await askYes('Deploy with these wider grants?', stdin, stderr)) return [];
  }
  return widening.map(({ prepared, difference }) => ({
    file: prepared.file,
    error: notApproved(prepared.manifest.name, difference.widening),
  }));
}

function notApproved(name: string, widening: readonly GrantLine[]): HairspringError {
  const list = widening.map(({ label, change, text }) => `${label} ${change} (${text})`).join(', ');
  return new HairspringError(
    'HS_GRANTS_WIDENED',
    `Cannot deploy "${name}" without approval, as it may reach more than the live version: ${list}`,
    { hint: 'If that is meant, deploy with --approve; otherwise narrow the bindings in the Nexfile' },
  );
}
