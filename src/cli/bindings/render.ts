import { stringify } from 'yaml';
import type { Output } from '../shell/output.ts';
import { printable } from '../shell/printable.ts';
import type { BindingSuggestion, FunctionSuggestion } from './suggest.ts';

/** Suggestions as YAML to be put into Nexfiles, one document for each function. */
export function renderSuggestions(functions: readonly FunctionSuggestion[], paint: Output['paint']): string {
  return functions.map((each) => renderFunction(each, paint).join('\n')).join('\n---\n');
}

function renderFunction(
  { name, file, observed, incomplete, bindings }: FunctionSuggestion,
  paint: Output['paint'],
): readonly string[] {
  const comment = (text: string, indent = ''): string => paint.dim(`${indent}# ${printable(text)}`);
  const head = [comment(`${name}, ${file}`)];
  if (incomplete) head.push(comment('more was called than is recorded: what follows may be too narrow'));
  if (!observed) return [...head, comment('it was not called while dev --observe ran')];
  const lines = bindings.flatMap((each) => [
    comment(describe(each), '    '),
    each.state === 'unused' ? comment(toLine(each), '    ') : `    ${toLine(each)}`,
  ]);
  const isEmpty = bindings.every(({ state }) => state === 'unused');
  return [...head, 'start_request:', isEmpty ? '  bindings: {}' : '  bindings:', ...lines];
}

function describe({ state, changes, notes }: BindingSuggestion): string {
  if (state === 'unused') return 'unused: remove it';
  if (state === 'unseen') return 'unseen: a secret is read without a call, so keep it if the source names it';
  return [[state, changes.join('; ')].filter((part) => part !== '').join(': '), ...notes].join('; ');
}

function toLine({ label, grant }: BindingSuggestion): string {
  return `${label}: ${stringify(grant, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}`;
}
