import { formatBytes, HairspringError } from '../../core/index.ts';
import type { CommandContext } from '../shell/command.ts';
import { countOf } from '../shell/format.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';
import { triggersOf } from './deploy-function.ts';
import { compareWithLive, type GrantDifference, type GrantLine, renderGrants } from './grants.ts';
import { type PreparedFunction, shownPath } from './prepare.ts';
import { renderWarning, warningsOf } from './warnings.ts';

/** What would be deployed; the JSON of `deploy --dry-run --json`. */
interface PlannedFunction {
  readonly name: string;
  readonly file: string;
  readonly triggers: readonly string[];
  readonly digest: string | null;
  readonly artifactBytes: number;
  readonly warnings: readonly string[];
  /** How what it may reach differs from the live version; null when that could not be asked for. */
  readonly grants: readonly GrantLine[] | null;
  readonly needsApproval: boolean | null;
}

/** Shows what would be deployed, and how grants would differ from what is live where a node can be asked. */
export async function showPlan(
  context: CommandContext,
  prepared: readonly PreparedFunction[],
): Promise<void> {
  const { output } = context;
  const { paint } = output;
  const compared = await compareAll(context, prepared);
  const notCompared = HairspringError.is(compared) ? compared.message : null;
  const functions = prepared.map((each, index): PlannedFunction => {
    const difference = HairspringError.is(compared) ? undefined : compared[index];
    return {
      name: each.manifest.name,
      file: shownPath(each.file),
      triggers: triggersOf(each),
      digest: each.bundle?.digest ?? null,
      artifactBytes: each.bundle?.bytes.byteLength ?? 0,
      warnings: warningsOf(each),
      grants: difference?.changes ?? null,
      needsApproval: difference === undefined ? null : difference.widening.length > 0,
    };
  });
  output.result({ dryRun: true, notCompared, functions }, () => {
    const heads = renderTable(
      functions.map(({ name, triggers, artifactBytes }) => [
        paint.bold(name),
        triggers.join(', ') || 'no triggers',
        formatBytes(artifactBytes),
      ]),
    ).split('\n');
    const lines = functions.flatMap(({ warnings, grants }, index) => [
      ...heads.slice(index, index + 1),
      ...warnings.map((warning) => renderWarning(warning, paint)),
      ...(grants === null || grants.length === 0 ? [] : [renderGrants(grants, paint, '    ')]),
    ]);
    return [...lines, ...endingOf(functions, notCompared)].join('\n');
  });
}

function endingOf(functions: readonly PlannedFunction[], notCompared: string | null): readonly string[] {
  const wider = functions.filter(({ needsApproval }) => needsApproval === true).map(({ name }) => name);
  return [
    ...(notCompared === null ? [] : [`Grants are not compared with what is live: ${printable(notCompared)}`]),
    ...(wider.length === 0 ? [] : [`Needs --approve: ${wider.join(', ')}`]),
    `Nothing is deployed: ${countOf(functions.length, 'function')} would be`,
  ];
}

/** @returns why they cannot be compared, when no node can be asked */
async function compareAll(
  { connect }: CommandContext,
  prepared: readonly PreparedFunction[],
): Promise<readonly GrantDifference[] | HairspringError> {
  try {
    await using connection = await connect();
    const differences: GrantDifference[] = [];
    for (const each of prepared) differences.push(await compareWithLive(connection, each));
    return differences;
  } catch (error) {
    return HairspringError.from(error);
  }
}
