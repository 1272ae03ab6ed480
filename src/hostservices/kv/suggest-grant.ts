import { isSubject, type KvBinding, subjectCovers } from '../../core/index.ts';
import { type GrantSuggestion, type GrantUse, refusedNote } from '../shared/grant-suggestion.ts';
import { isKvOperation, KV_OPERATIONS } from './grant.ts';

const KEY_TOKEN = /^[-/_=a-zA-Z0-9]+$/;

/** The smallest KV grant: one filter of keys, so keys that differ have wildcards where they do. */
export function suggestKvGrant(binding: KvBinding, uses: readonly GrantUse[]): GrantSuggestion<KvBinding> {
  const needed = uses.flatMap((use) => {
    const { op, outcome } = use;
    if (!isKvOperation(op)) return [];
    const filter = filterOf(use, binding);
    return filter === undefined ? [] : [{ op, filter, outcome }];
  });
  const [first, ...others] = needed.map(({ filter }) => filter);
  if (first === undefined) return { binding, notes: [] };
  const reads = needed.some(({ op }) => KV_OPERATIONS[op] === 'read');
  const writes = needed.some(({ op }) => KV_OPERATIONS[op] === 'write');
  const access = reads && writes ? 'read-write' : reads ? 'read' : 'write';
  const refused = needed.filter(({ outcome }) => outcome === 'denied');
  return {
    binding: { ...binding, access, keys: others.reduce(joinFilters, first) },
    notes: refusedNote(refused.map(({ op, filter }) => `${op} ${filter}`)),
  };
}

/** The keys that a call needs; undefined when it names none that could be granted. */
function filterOf({ op, name, outcome }: GrantUse, { keys }: KvBinding): string | undefined {
  const tokens = name.split('.');
  if (op !== 'keys') return isSubject(name) && tokens.every(isFilterToken) ? name : undefined;
  const stem = tokens.slice(0, -1);
  if (!stem.every((token) => token === '*' || KEY_TOKEN.test(token))) return undefined;
  const filter = [...stem, '>'].join('.');
  // A list is cut to what the grant covers, and that much is needed.
  return outcome === 'used' && !subjectCovers(keys, filter) ? keys : filter;
}

function isFilterToken(token: string): boolean {
  return token === '*' || token === '>' || KEY_TOKEN.test(token);
}

/** The smallest filter that covers two. */
export function joinFilters(one: string, two: string): string {
  const left = one.split('.');
  const right = two.split('.');
  const joined: string[] = [];
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const [x = '', y = ''] = [left[index], right[index]];
    const endsHere = index === shared - 1 && left.length !== right.length;
    if (x === '>' || y === '>' || endsHere) return [...joined, '>'].join('.');
    joined.push(x === y ? x : '*');
  }
  return joined.join('.');
}
